"""The budgets of size: what is small is read whole."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SRC: Final = Path(__file__).parents[2] / "src"
MOST_LINES_OF_A_FILE: Final = 300
MOST_LINES_OF_A_FUNCTION: Final = 40


def files() -> Iterator[tuple[str, str]]:
    """Return each of our files: its name, and its text."""
    for path in sorted(SRC.rglob("*.py")):
        yield str(path.relative_to(SRC)), path.read_text("utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Return each function in *text*: its name, and how many lines it has."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_long() -> None:
    """
    No file of ours has over 300 lines.
    """
    lengths = {name: len(text.splitlines()) for name, text in files()}

    assert {} == {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE}


def test_no_function_is_long() -> None:
    """
    No function of ours has over 40 lines.
    """
    lengths = {
        f"{file}: {name}": lines for file, text in files() for name, lines in functions(text)
    }

    assert {} == {
        name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION
    }
