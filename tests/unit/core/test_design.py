"""Design rules of the core that a reader relies on."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any, Final, get_type_hints

import attrs
import pytest

import mechanic_core
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Work

MOST_METHODS_OF_A_PORT: Final = 5


def ports() -> Iterator[type[Any]]:
    """Yield every protocol of the `ports` modules."""
    for module in pkgutil.walk_packages(mechanic_core.__path__, "mechanic_core."):
        if module.name.endswith(".ports"):
            found = importlib.import_module(module.name)
            for _, cls in inspect.getmembers(found, inspect.isclass):
                if cls.__module__ == found.__name__ and getattr(cls, "_is_protocol", False):
                    yield cls


@pytest.mark.parametrize("port", list(ports()), ids=lambda port: port.__name__)
def test_a_port_is_small(port: type[Any]) -> None:
    """
    A port has at most five methods.
    """
    methods = [name for name in vars(port) if not name.startswith("_")]

    assert len(methods) <= MOST_METHODS_OF_A_PORT


def test_a_unit_of_work_consists_of_ports() -> None:
    """
    Every field of `Work` is required, so that mypy reports a store without one of them.
    """
    assert all(field.default is attrs.NOTHING for field in attrs.fields(Work))


def test_use_cases_do_not_depend_on_each_other() -> None:
    """
    No use case of the shop has another one as a field.
    """
    use_cases = set(get_type_hints(Shop).values())

    for use_case in use_cases:
        assert not use_cases & set(get_type_hints(use_case).values())
