"""The repair shop as a program: settings, wiring, observability and the command line.

The names of `__all__` are imported on first use, so that the command line starts without a
database. Their types are in `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

from mechanic_shop.extras import name_missing_extra

_MODULES = {
    "Settings": "mechanic_shop.settings.settings",
    "ShopClosedError": "mechanic_shop.wiring.open_store",
    "WrongSettings": "mechanic_shop.settings.variables",
    "create_application": "mechanic_shop.wiring.application",
    "open_application": "mechanic_shop.wiring.application",
    "open_shop": "mechanic_shop.wiring.shop",
}

__all__ = ["__version__", *_MODULES]  # noqa: PLE0604 - all of them are text


def __getattr__(name: str) -> Any:
    """Import a name of `__all__`. Raises `ExtraMissing`."""
    if name == "__version__":
        return import_module("importlib.metadata").version("mechanic-shop")
    if name in _MODULES:
        with name_missing_extra(name):
            return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the names of the module, with those that have not been imported yet."""
    return sorted({*globals(), *__all__})
