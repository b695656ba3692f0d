"""The extras of `pyproject.toml` are what the modules of `src` import."""

import ast
import pickle
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mechanic_shop.extras import ALL, DISTRIBUTION, ExtraMissing, extra_of, name_missing_extra
from tests.requirements import required_by, requirements_of

SRC: Final = Path(__file__).parents[2] / "src"
SUITE: Final = "mechanic_adapters/conformance"
OURS: Final = frozenset(path.name for path in SRC.iterdir())


def third_party(text: str) -> Iterator[str]:
    """Yield the packages that a module imports anywhere, except Python's and ours."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names | OURS:
                yield package


def imports() -> dict[str, set[str]]:
    """Return the packages that modules import, each with the modules that do."""
    found: dict[str, set[str]] = {}
    for path in sorted(SRC.rglob("*.py")):
        for package in third_party(path.read_text("utf-8")):
            found.setdefault(package, set()).add(path.relative_to(SRC).as_posix())
    return found


IMPORTS: Final = imports()


def declared_by(*extras: str) -> set[str]:
    """Return the distributions that the shop itself declares for *extras*."""
    needed = requirements_of(distribution(DISTRIBUTION), extras)
    return {canonicalize_name(Requirement(text).name) for text in needed}


@pytest.mark.parametrize("package", sorted(IMPORTS.keys() - {"attrs"}))
def test_every_import_is_of_an_extra(package: str) -> None:
    """
    A package that a module imports is declared by the extra that is named when it is missing.
    """
    extra = extra_of(package)
    providers = {canonicalize_name(name) for name in packages_distributions()[package]}

    assert extra is not None
    assert providers & declared_by(extra)


def test_all_has_every_import() -> None:
    """
    `all` installs what any module imports, apart from the suite for other stores.
    """
    outside = {
        package
        for package, modules in IMPORTS.items()
        if any(not module.startswith(SUITE) for module in modules)
    }
    declared = declared_by(ALL)
    providers = packages_distributions()

    assert len(outside) > 20
    assert set() == {
        package
        for package in outside
        if not declared & {canonicalize_name(name) for name in providers[package]}
    }


def test_all_has_every_extra_but_the_suite() -> None:
    """
    `all` has the requirements of each other extra; the suite's are for tests.
    """
    extras = distribution(DISTRIBUTION).metadata.get_all("Provides-Extra") or []

    assert set() == declared_by(*{*extras} - {"conformance"}) - declared_by(ALL)
    assert set() == declared_by("conformance") & declared_by(ALL) - {"attrs"}


def test_the_base_is_attrs() -> None:
    """
    Without an extra nothing but attrs is installed.
    """
    assert {"attrs"} == required_by(requirements_of(distribution(DISTRIBUTION)))


def test_a_module_of_no_extra_is_reported_as_it_is() -> None:
    """
    A module that no extra has is not blamed on one: it is a broken installation.
    """
    with pytest.raises(ModuleNotFoundError, match="nowhere"), name_missing_extra("serve"):
        raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")


def test_the_error_survives_pickling() -> None:
    """
    A worker process can send the error to its parent.
    """
    copied = pickle.loads(pickle.dumps(ExtraMissing("serve", "http")))  # noqa: S301 - our own

    assert "serve needs the extra `http`: pip install 'mechanic-shop[http]'" == str(copied)
