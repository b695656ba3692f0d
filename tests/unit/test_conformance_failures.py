"""A failure of the conformance suite shows the compared values, whichever module the test is in."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from mechanic_adapters import conformance

MODULES: Final = [
    module.name
    for module in pkgutil.walk_packages(conformance.__path__, f"{conformance.__name__}.")
]

BROKEN_STORE: Final = """
    from contextlib import contextmanager

    import pytest
    from attrs import evolve, frozen

    from mechanic_adapters.conformance.suite import *
    from mechanic_adapters.memory import MemoryStore
    from mechanic_core.paging import Page

    @frozen
    class HiddenParts:
        parts: object

        def __getattr__(self, name):
            return getattr(self.parts, name)

        def find(self, wanted, page):
            return Page(())

    class BrokenStore:
        def __init__(self):
            self.store = MemoryStore()

        @contextmanager
        def begin(self):
            with self.store.begin() as work:
                yield evolve(work, parts=HiddenParts(work.parts))

        @contextmanager
        def read_only(self):
            with self.store.read_only() as work:
                yield evolve(work, parts=HiddenParts(work.parts))

    @pytest.fixture
    def store():
        return BrokenStore()
"""
"""A test module of a store whose list of parts is always empty."""


@pytest.mark.parametrize("name", MODULES)
def test_pytest_rewrites_the_assertions_of_a_module(name: str) -> None:
    """
    The assertions of every module of the suite are rewritten, those of its sub-packages too.
    """
    assert "@pytest_ar" in vars(import_module(name))  # what rewritten assertions call


@pytest.mark.parametrize(
    ("test", "compared"),
    [
        ("test_filters_by_low_stock", "assert ['LOW', 'PROMISED', 'NONE'] == []"),
        ("TestPagination and test_visits_each_row_once and parts", "assert 0 in (13, 14)"),
    ],
    ids=["a module", "a module of a sub-package"],
)
def test_a_failure_shows_the_compared_values(tmp_path: Path, test: str, compared: str) -> None:
    """
    The author of a broken store sees what was expected and what the store returned.
    """
    (tmp_path / "test_broken_store.py").write_text(dedent(BROKEN_STORE))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-k", test],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert compared in done.stdout, done.stdout + done.stderr
