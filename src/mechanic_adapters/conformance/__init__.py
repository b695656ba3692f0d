"""The conformance suite: contract tests of a store, shipped so that you can test your own adapter.

It needs pytest and Hypothesis, which an extra installs
(``pip install 'mechanic-shop[conformance]'``). Import the suite into a test module of yours, and
define a fixture named ``store`` that yields a new, empty store for each test:

    from collections.abc import Iterator

    import pytest

    from mechanic_adapters.conformance.suite import *  # noqa: F403
    from mechanic_core.unit_of_work import Store

    @pytest.fixture
    def store() -> Iterator[Store]:
        store = MyStore()
        yield store
        store.close()

Every store that we ship passes it. The docstrings of the ports in `mechanic_core` say what it
tests. Each noun has a module or a package here; `store` has what is tested for all nouns, by what
their modules declare (see `declarations`).
"""

import pkgutil

import pytest

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    pytest.register_assert_rewrite(_module.name)  # and the modules below it
