"""The commands and links of the documentation work as shown."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from textwrap import indent
from typing import Any, Self

import pytest
from attrs import frozen

from mechanic_core.access import SYSTEM, Role
from mechanic_core.customers.customer import CustomerNotFound, Registration
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_shop import open_shop
from tests.integration.databases import DATABASES, new_shop_url
from tests.integration.programs import PATIENCE_S, Program, ask, environment, serving
from tests.integration.servers import PostgresServer

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs/how-to/embed-the-shop.md").read_text()
EVENTS = (ROOT / "docs/how-to/follow-events.md").read_text()
DAY = (ROOT / "docs/tutorials/a-day-at-the-desk.md").read_text()
OPERATE = (ROOT / "docs/how-to/operate.md").read_text()
FIRST = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHOWN = re.compile(r"```python\n((?:(?!```).)*)```\n```text\n(.*?)```", re.DOTALL)
"""A program, and what it prints."""

ANYTHING = "…"
MARK = "\x1e"
PAGE_S = 5 * PATIENCE_S
CURLS = ["ours", *(["curl"] if shutil.which("curl") else [])]


@frozen
class Step:
    """A block of commands, and the output shown below it: its JSON values, or lines of text."""

    commands: str
    answer: Sequence[Any] | str = ()

    @classmethod
    def of(cls, commands: str, kind: str, shown: str) -> Self:
        """Return the step of two blocks of a page; *kind* is the language of the second one."""
        return cls(commands, shown if kind == "text" else values(shown))

    def is_answered_by(self, printed: str) -> bool:
        """Return whether the output is as shown."""
        if isinstance(self.answer, str):
            return reads(self.answer, printed)
        return agrees(self.answer, values(printed))


def steps_of(text: str) -> list[Step]:
    """Return the steps that *text* shows."""
    blocks = re.findall(r"```sh\n(.*?)```\n(?:```(json|text)\n(.*?)```)?", text, re.DOTALL)
    return [Step.of(*block) for block in blocks]


def values(text: str) -> list[Any]:
    """Return the JSON values in *text*, such as a body and a status below it."""
    text = text.replace(", …}", ', "…": "…"}').replace(", …]", ', "…"]').strip()
    found = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def reads(shown: str, found: str) -> bool:
    """Return whether *found* is the shown text, in which an ellipsis matches any characters."""
    return re.fullmatch(re.escape(shown).replace(ANYTHING, ".+"), found) is not None


def agrees(shown: Any, found: Any) -> bool:
    """Return whether *found* matches the shown output.

    In it an ellipsis matches anything; at the end of an object or list it stands for the rest.
    """
    if shown == ANYTHING:
        return found is not None
    if isinstance(shown, str) and isinstance(found, str):
        return reads(shown, found)
    if isinstance(shown, dict) and isinstance(found, dict):
        named = shown.keys() - {ANYTHING}
        shortened = ANYTHING in shown and named < found.keys()
        return (shortened or named == found.keys()) and all(
            agrees(shown[k], found[k]) for k in named
        )
    if isinstance(shown, list) and isinstance(found, list):
        if shown[-1:] == [ANYTHING]:
            shown, found = shown[:-1], found[: len(shown) - 1]
        return len(shown) == len(found) and all(map(agrees, shown, found))
    return bool(shown == found)


def assert_goes_as_shown(
    steps: Sequence[Step], env: Mapping[str, str], folder: Path, url: str
) -> None:
    """Run the commands of all *steps* in one shell against *url*; each prints what is shown."""
    script = f"printf '{MARK}'\n".join(step.commands for step in steps)

    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input=script.replace("http://127.0.0.1:8000", url),
        cwd=folder,
        env=environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=PAGE_S,
    )

    answers = done.stdout.split(MARK)
    for step, answer in zip(steps, answers, strict=False):
        assert step.is_answered_by(answer), f"{step.commands}\n{answer}{done.stderr}"
    assert (0, len(steps)) == (done.returncode, len(answers)), done.stderr


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Program]:
    """The demo shop, served."""
    with serving(tmp_path, "demo", "--port", "0") as program:
        yield program


@pytest.fixture(params=CURLS)
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The search path of the commands: with curl, or a replacement where it is missing."""
    commands = {"mechanic-shop": '-m mechanic_shop "$@"'}
    if request.param != "curl":
        commands["curl"] = f'"{Path(__file__).with_name("curl.py")}" "$@"'
    for name, arguments in commands.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}\n')
        program.chmod(0o755)
    return f"{tmp_path / 'bin'}:{environment()['PATH']}"


def test_the_tour_goes_as_shown(demo: Program, programs: str, tmp_path: Path) -> None:
    """
    Each command of the first tour prints the output shown below it.
    """
    tour = steps_of(README.partition("## A first tour")[2].partition("\n## ")[0])

    assert_goes_as_shown(tour, {"PATH": programs}, tmp_path, demo.url)


@pytest.mark.parametrize(
    ("kind", "programs"), [*zip(DATABASES, cycle(CURLS), strict=False)], indirect=["programs"]
)
def test_the_day_at_the_desk_goes_as_shown(
    kind: str, programs: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    Forty-three things are done from opening to closing, and each prints what is shown below it.
    """
    opening, *day = steps_of(DAY)
    env = {
        "PATH": f"{postgres._programs}:{programs}",
        "DATABASE_URL": new_shop_url(kind, tmp_path, postgres),
    }
    add, serve = opening.commands.rsplit("mechanic-shop ", 1)
    subprocess.run(["/bin/sh", "-eu", "-c", add], cwd=tmp_path, env=environment(env), check=True)

    with serving(tmp_path, *serve.split(), "--port", "0", env=env) as program:
        assert_goes_as_shown(day, env, tmp_path, program.url)

    numbers = re.findall(r"^### (\d+)\. ", DAY, re.MULTILINE)
    assert [*range(1, 44)] == [*map(int, numbers)]


@pytest.mark.parametrize("kind", DATABASES)
def test_a_customers_request_goes_as_shown(
    kind: str, programs: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    The data of a customer are exported and then erased, with the commands of the page.
    """
    url = new_shop_url(kind, tmp_path, postgres)
    password = "correct horse battery"
    with open_shop(url) as shop:
        ada = shop.register_customer(
            SYSTEM, Registration(name="Ada Moore", email="ada@example.com", password=password)
        )
        shop.hire_mechanic(
            SYSTEM,
            Hiring(name="Eve", email="eve@example.com", role=Role.MANAGER, password=password),
        )
    steps = steps_of(OPERATE.partition("### A customer asks for their data\n")[2])
    env = {"PATH": programs, "DATABASE_URL": url}

    with serving(tmp_path, "serve", "--port", "0", env=env) as program:
        with closing(program.connection()) as connection:
            login = {"email": "eve@example.com", "password": password}
            token = ask(connection, "POST", "/mechanics/login", login).body["token"]
        assert_goes_as_shown(steps, env | {"TOKEN": token}, tmp_path, program.url)

    exported = json.loads((tmp_path / "ada.json").read_bytes())
    assert (ada.id, "Ada Moore") == (exported["customer"]["id"], exported["customer"]["name"])
    with open_shop(url) as shop, pytest.raises(CustomerNotFound):
        shop.read_customer(SYSTEM, ada.id)


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

    assert re.search(r"^[1-9]\d* passed,", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert done.returncode == 0


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
