"""The pages on embedding: their programs as files, and what they print."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.programs import PATIENCE_S, environment

FOLDER: Final = Path(__file__).parents[3] / "docs/how-to/embed"
PAGES: Final = {page.stem: page.read_text("utf-8") for page in sorted(FOLDER.glob("*.md"))}


def programs_of(page: str) -> dict[str, str]:
    """Return the programs on a page by the path in their first line."""
    blocks = re.findall(
        r"^```python\n(# (\S+\.py)\n.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE
    )
    return {name: code for code, name in blocks}


def write_programs(page: str, folder: Path) -> list[str]:
    """Write the programs of a page into *folder*, and return their paths."""
    programs = programs_of(page)
    for name, code in programs.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(code, "utf-8")
    return [*programs]


def printed_on(page: str) -> str:
    """Return the output that a page shows."""
    return "".join(re.findall(r"```text\n(.*?)```", PAGES[page], re.DOTALL))


def run_python(folder: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Run Python in *folder*, and return what it prints; fail if it fails or warns."""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", *args],
        cwd=folder,
        env=environment({"PYTHONPATH": str(folder), **(env or {})}),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout
