"""The documentation names modules and objects that exist."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
)
PACKAGE: Final = r"mechanic_(?:adapters|core|http|server|shop)"
PATH: Final = re.compile(rf"\b{PACKAGE}/[\w/-]*(?:\.\w+)?")
OTHER_PATH: Final = re.compile(r"`((?:tests|benchmarks)/[\w/]*(?:\.\w+)?)`")
FILE_SUFFIXES: Final = frozenset({"db", "json", "service"})
DOTTED: Final = re.compile(rf"(?<![/\w]){PACKAGE}(?:\.\w+)+")


def missing_paths(text: str) -> Iterator[str]:
    """Return the paths in *text* that do not exist."""
    for path in PATH.findall(text):
        if not (ROOT / "src" / path).exists():
            yield path
    for path in OTHER_PATH.findall(text):
        if not (ROOT / path).exists():
            yield path


def missing_names(text: str) -> Iterator[str]:
    """Return the dotted names in *text* that are neither modules nor attributes."""
    for name in DOTTED.findall(text):
        if name.rpartition(".")[2] not in FILE_SUFFIXES and not exists(name):
            yield name


def exists(name: str) -> bool:
    """Return whether *name* is a module, or an attribute of a module or of its class."""
    parts = name.split(".")
    length = max(n for n in range(1, len(parts) + 1) if is_module(parts[:n]))
    if length == len(parts):
        return True
    found: object = import_module(".".join(parts[:length]))
    for attribute in parts[length:]:
        found = getattr(found, attribute, None)
    return found is not None


def is_module(parts: list[str]) -> bool:
    """Return whether *parts* are the name of a module; only its parents are imported."""
    try:
        return find_spec(".".join(parts)) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_exist(page: Path) -> None:
    """
    Every path of a module that a page names exists.
    """
    assert [] == list(missing_paths(page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_exist(page: Path) -> None:
    """
    Every dotted name that a page mentions can be imported.
    """
    assert [] == list(missing_names(page.read_text()))


def test_each_field_report_has_its_test() -> None:
    """
    The test that the page of field reports names for a row has the row in a docstring.
    """
    page = (ROOT / "docs/explanation/field-reports.md").read_text()
    rows = re.findall(r"(?m)^\| ([FM]\d+) \|.*\(`(.*)`\) \|$", page)

    assert len(rows) > 25
    assert [] == [
        (row, path)
        for row, path in rows
        if not re.search(
            rf"(?m)^ {{4}}(?:Field report )?[FM\d, ]*\b{row}\b[FM\d, ]*:", (ROOT / path).read_text()
        )
    ]
