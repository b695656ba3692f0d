"""The contract of a store, as a pytest suite that ships: prove an adapter of your own with it.

It needs pytest and Hypothesis, which come with an extra
(``pip install 'mechanic-shop[conformance]'``). In a test module of yours, take the suite in and
give it a fixture named ``store``: each time a fresh, empty one.

    from collections.abc import Iterator

    import pytest

    from mechanic_adapters.conformance.suite import *  # noqa: F403
    from mechanic_core.unit_of_work import Store

    @pytest.fixture
    def store() -> Iterator[Store]:
        made = MyStore()
        yield made
        made.close()

Every store that we ship passes it. What a test asks for, the docstrings of the ports in
`mechanic_core` promise.
"""

import pkgutil

import pytest

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    pytest.register_assert_rewrite(_module.name)  # its sub-modules included
