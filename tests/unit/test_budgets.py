"""Limits of size, and names that no module may have."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SRC: Final = Path(__file__).parents[2] / "src"
MOST_LINES_OF_A_FILE: Final = 300
MOST_LINES_OF_A_FUNCTION: Final = 40
MOST_MODULES_OF_A_FOLDER: Final = 15
VAGUE: Final = frozenset(
    {"utils", "helpers", "common", "base", "manager", "service", "dto", "mapper"}
)


def files() -> Iterator[tuple[str, str]]:
    """Return the path and the text of each module."""
    for path in sorted(SRC.rglob("*.py")):
        yield str(path.relative_to(SRC)), path.read_text("utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Return the name and the number of lines of each function in *text*."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_long() -> None:
    """
    No module has more than 300 lines.
    """
    lengths = {name: len(text.splitlines()) for name, text in files()}

    assert {} == {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE}


def test_no_function_is_long() -> None:
    """
    No function has more than 40 lines.
    """
    lengths = {
        f"{file}: {name}": lines for file, text in files() for name, lines in functions(text)
    }

    assert {} == {
        name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION
    }


def test_no_folder_is_crowded() -> None:
    """
    No folder has more than 15 modules, apart from `__init__` and the migrations of all releases.
    """
    modules = [Path(name) for name, _ in files() if not name.endswith("__init__.py")]
    counts = Counter(str(path.parent) for path in modules if path.parent.name != "versions")

    assert {} == {name: n for name, n in counts.items() if n > MOST_MODULES_OF_A_FOLDER}


def test_no_module_has_a_vague_name() -> None:
    """
    No module has a name such as `utils`, which says nothing about its content.
    """
    assert [] == [name for name, _ in files() if Path(name).stem in VAGUE]
