"""Objects that hold a secret do not show it in their `repr`, which may reach a log or traceback."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final, get_args, get_origin

import attrs

import mechanic_adapters
import mechanic_core
import mechanic_http
import mechanic_server
import mechanic_shop

PACKAGES: Final = (
    mechanic_adapters,
    mechanic_core,
    mechanic_http,
    mechanic_server,
    mechanic_shop,
)
RUN_WHEN_IMPORTED: Final = {
    "mechanic_shop.__main__",
    "mechanic_shop.wsgi",
    "mechanic_adapters.sql.migrations.env",
}

PUBLISHED: Final = frozenset(
    f"{name}.digest" for name in ("Decision", "Estimate", "Invoice", "CreditNote", "Series")
)
"""Digests of what the API shows, which anybody can compute."""

SECRET_NAME: Final = re.compile(r"(^|_)(secret|password|password_hash|token|digest|material)$")


def classes() -> Iterator[type[Any]]:
    """Yield every attrs class of every package."""
    for package in PACKAGES:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name in RUN_WHEN_IMPORTED or ".migrations.versions" in module.name:
                continue
            for found in vars(import_module(module.name)).values():
                if isinstance(found, type) and attrs.has(found) and found.__module__ == module.name:
                    yield found


def is_text(type_: Any) -> bool:
    """Return whether a field of this type may hold a text."""
    if get_origin(type_) is Callable:
        return False
    return type_ in (str, bytes) or any(map(is_text, get_args(type_)))


def test_no_repr_shows_a_secret() -> None:
    """
    A text field that is named like a secret is left out of the `repr` of its class, or masked.
    """
    found = {
        f"{cls.__qualname__}.{field.name}": field.repr
        for cls in classes()
        for field in attrs.fields(cls)
        if SECRET_NAME.search(field.name) and is_text(field.type)
    }

    assert len(found) > 10
    assert [] == [name for name, shown in found.items() if shown is True and name not in PUBLISHED]
