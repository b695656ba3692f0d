"""The package `mechanic_shop`: its names, and their types for type checkers."""

import ast
from importlib.metadata import version
from pathlib import Path

import mechanic_shop


def test_has_every_name_that_it_lists() -> None:
    """
    Every name of `__all__` exists, and `dir` lists it before it is imported.
    """
    assert [] == [name for name in mechanic_shop.__all__ if not hasattr(mechanic_shop, name)]
    assert set() == {*mechanic_shop.__all__} - {*dir(mechanic_shop)}


def test_the_version_is_that_of_the_package() -> None:
    """
    The version is that of the installed package.
    """
    assert version("mechanic-shop") == mechanic_shop.__version__


def test_type_checkers_see_the_same_names() -> None:
    """
    The stub declares exactly the names of `__all__`, from the modules that they come from.
    """
    stub = ast.parse(Path(mechanic_shop.__file__).with_suffix(".pyi").read_text("utf-8"))
    imported = {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert {*mechanic_shop.__all__} == {*imported, "__version__"}
    for name, module in imported.items():
        assert module == getattr(mechanic_shop, name).__module__
