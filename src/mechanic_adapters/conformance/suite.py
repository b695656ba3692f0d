"""The whole suite: every test class of this package, for ``from … import *`` in a test module."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = __name__.rpartition(".")[0]


def _test_classes() -> dict[str, type[Any]]:
    names = (
        module.name
        for module in pkgutil.walk_packages([str(Path(__file__).parent)], f"{_PACKAGE}.")
        if module.name != __name__
    )
    return {
        name: value
        for module in map(import_module, names)
        for name, value in vars(module).items()
        if name.startswith("Test") and getattr(value, "__module__", None) == module.__name__
    }


_FOUND: Final = _test_classes()
globals().update(_FOUND)

__all__ = list(_FOUND)
