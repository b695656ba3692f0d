"""The files that a request goes through: few, in a straight line, and as the tour shows them."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from benchmarks.request_trace import Trace, source_folder

ROOT: Final = Path(__file__).parents[2]
TOUR: Final = ROOT / "docs" / "tour.md"
LONGEST_IMPORT_CHAIN: Final = 12

EDIT, LIST, LOGIN = range(3)


@pytest.fixture(scope="module")
def traces() -> list[Trace]:
    """Return the traces of an edit of a ticket, a list of tickets and a login."""
    command = [sys.executable, "-m", "benchmarks.request_trace", "--json"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [
        Trace(trace["request"], trace["status"], tuple(trace["path"]))
        for trace in json.loads(printed)
    ]


@pytest.mark.parametrize(
    ("request_number", "files", "returns"), [(EDIT, 37, 64), (LIST, 30, 60), (LOGIN, 33, 68)]
)
def test_a_request_enters_few_files(
    traces: list[Trace], request_number: int, files: int, returns: int
) -> None:
    """
    A warm request enters a bounded number of files and seldom returns into one.
    """
    trace = traces[request_number]

    assert 200 == trace.status
    assert len(trace.files) <= files, "\n".join(trace.files)
    assert trace.returns <= returns, "\n".join(trace.path)


def test_the_import_chain_of_a_request_is_short(traces: list[Trace]) -> None:
    """
    Among the files that a request enters, no chain of imports is longer than 12 modules.
    """
    for trace in traces:
        chain = longest_chain({file: imports_of(file) for file in trace.files})

        assert len(chain) <= LONGEST_IMPORT_CHAIN, " -> ".join(chain)


def test_the_tour_shows_the_files_of_the_edit(traces: list[Trace]) -> None:
    """
    The tour names the files that the edit of a ticket enters, in their order, and no others.
    """
    shown = re.findall(r"^\d+\. `(mechanic_\w+/[\w/]+\.py)`", TOUR.read_text("utf-8"), re.MULTILINE)

    assert list(traces[EDIT].files) == shown


@cache
def imports_of(file: str) -> frozenset[str]:
    """Return the files of ours that *file* imports anywhere."""
    tree = ast.parse((source_folder() / file).read_text("utf-8"))
    modules = set(_imported_modules(tree))
    return frozenset(f"{module.replace('.', '/')}.py" for module in modules)


def _imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def longest_chain(imports: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the longest chain of files in which each imports the next."""

    @cache
    def chain_from(file: str) -> tuple[str, ...]:
        below = [chain_from(other) for other in imports[file] & imports.keys()]
        return (file, *max(below, key=len, default=()))

    chains: list[tuple[str, ...]] = [chain_from(file) for file in imports]
    longest = max(chains, key=len)
    return list(longest)
