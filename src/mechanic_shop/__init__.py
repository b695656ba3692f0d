"""A repair shop's backend, put together: settings, wiring and the command line."""

from importlib import import_module
from typing import Any

_HOMES = {"open_shop": "mechanic_shop.wiring.shop"}


def __getattr__(name: str) -> Any:
    """Import what embedders ask for only then, so that the command line starts at once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
