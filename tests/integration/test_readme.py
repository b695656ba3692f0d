"""The commands and links of the documentation work as shown."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from attrs import frozen

from tests.integration.programs import PATIENCE_S, Program, environment, serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs/how-to/embed-the-shop.md").read_text()
EVENTS = (ROOT / "docs/how-to/follow-events.md").read_text()
FIRST = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHOWN = re.compile(r"```python\n((?:(?!```).)*)```\n```text\n(.*?)```", re.DOTALL)
"""A program, and what it prints."""

ANYTHING = "…"
MARK = "\x1e"
CURLS = ["ours", *(["curl"] if shutil.which("curl") else [])]


@frozen
class Step:
    """A block of commands, and the output shown below it."""

    commands: str
    answer: Any = None


def tour() -> list[Step]:
    """Return the steps of the README's first tour."""
    text = README.partition("## A first tour")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```\n(?:```json\n(.*?)```)?", text, re.DOTALL)
    return [Step(sh, json.loads(answer) if answer else None) for sh, answer in blocks]


def agrees(shown: Any, found: Any) -> bool:
    """Return whether *found* matches the shown output, in which an ellipsis matches anything."""
    if shown == ANYTHING:
        return found is not None
    if isinstance(shown, dict) and isinstance(found, dict):
        return shown.keys() == found.keys() and all(agrees(shown[k], found[k]) for k in shown)
    if isinstance(shown, list) and isinstance(found, list):
        return len(shown) == len(found) and all(map(agrees, shown, found))
    return bool(shown == found)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Program]:
    """The demo shop, served."""
    with serving(tmp_path, "demo", "--port", "0") as program:
        yield program


@pytest.fixture(params=CURLS)
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The search path of the commands: with curl, or a replacement where it is missing."""
    path = environment()["PATH"]
    if request.param == "curl":
        return path
    substitute = tmp_path / "bin" / "curl"
    substitute.parent.mkdir()
    ours = Path(__file__).with_name("curl.py")
    substitute.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ours}" "$@"\n')
    substitute.chmod(0o755)
    return f"{substitute.parent}:{path}"


def test_the_tour_goes_as_shown(demo: Program, programs: str) -> None:
    """
    Each command of the first tour prints the output shown below it.
    """
    steps = tour()
    script = f"printf '{MARK}'\n".join(step.commands for step in steps)

    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input=script.replace("http://127.0.0.1:8000", demo.url),
        env=environment({"PATH": programs}),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )

    answers = done.stdout.split(MARK)
    assert len(steps) == len(answers)
    for step, answer in zip(steps, answers, strict=True):
        found = json.loads(answer) if answer else None
        assert agrees(step.answer, found), f"{step.commands}\n{answer}"


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (FIRST.findall(README)[0], "open 1HGCM82633A004352\n"),
        (FIRST.findall(GUIDE)[0], "open ['Grace Okafor'] 12038\n"),
        *SHOWN.findall(GUIDE),
        *SHOWN.findall(EVENTS),
    ],
    ids=["README", "guide", "guide-transaction", "guide-application", "events"],
)
def test_embedding_goes_as_shown(tmp_path: Path, program: str, printed: str) -> None:
    """
    The Python program of the page runs in an empty directory and prints what is shown.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert (printed, "") == (done.stdout, done.stderr)


def test_a_store_is_proven_as_shown(tmp_path: Path) -> None:
    """
    The guide's test module runs the conformance suite (here one class of it).
    """
    module = tmp_path / "test_my_store.py"
    module.write_text(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[-1])
    only = ("-k", "TestOptimisticLocking", "-p", "no:cacheprovider")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", *only, module.name],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert "12 passed" in done.stdout, done.stdout + done.stderr


def test_the_tour_of_the_code_shows_the_code() -> None:
    """
    Code quoted in the tour of the code is in the named file.
    """
    page = (ROOT / "docs/tour.md").read_text()
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]

    code = (ROOT / "src/mechanic_core/tickets/use_cases/assignment.py").read_text()

    assert indent(shown, " " * 8) in code
    assert [] == [
        name
        for name in re.findall(r"`(mechanic_\w+/[\w/.]*)`", page)
        if not (ROOT / "src" / name).exists()
    ]


def test_ci_runs_the_test_command() -> None:
    """
    CI runs the test command of the README.
    """
    commands = re.findall(r"```sh\n(.*?)\n```", README.partition("## Test it")[2], re.DOTALL)

    assert commands[0] == (ROOT / ".ci/run").read_text().splitlines()[-1]


def test_links_lead_somewhere() -> None:
    """
    Every relative link leads to a file.
    """
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    missing = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert [] == missing
