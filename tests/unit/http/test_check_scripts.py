"""The published scripts as programs: what they read, print and exit with."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from tests.shops import MANAGER
from tests.unit.http.shop import Client
from tests.unit.http.test_contract import ANSWERS, client_with_records

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference"
SCRIPTS: Final = ("check_decisions.py", "check_invoices.py")
TICKET: Final = "/service_tickets/2"

Run: TypeAlias = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a script; returns what it exits with, and its output."""

    def run_here(script: str, *words: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", [script, *map(str, words)])
        with pytest.raises(SystemExit) as exited:
            runpy.run_path(str(REFERENCE / script), run_name="__main__")
        return (exited.value.code, *capsys.readouterr())

    return run_here


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str, object], Path]:
    """Saves a document as a file of that name."""

    def save(name: str, document: object) -> Path:
        file = tmp_path / name
        file.write_text(json.dumps(document), "utf-8")
        return file

    return save


@pytest.fixture(scope="module")
def shop() -> Client:
    """A shop whose ticket 2 has two estimates, a decision and a limit."""
    shop = client_with_records()
    told = {"person": "Ada Moore", "channel": "in_person"}
    for path, body in (("/estimates/2/decisions", ANSWERS), ("/decisions", {"amount": 20})):
        assert 201 == shop.ask("POST", f"{TICKET}{path}", {**body, **told}, MANAGER).status_code
    return shop


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_files_it_shows_its_usage(run: Run, script: str) -> None:
    """
    Without arguments it exits 2 with its usage.
    """
    code, out, err = run(script)

    assert (2, "") == (code, out)
    assert err.startswith(f"usage: {script} [-h] FILE")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("text", [None, "not JSON", "[]", "7", '{"status": 404}', '{"items": [7]}'])
def test_what_it_cannot_read_is_one_line(
    run: Run, tmp_path: Path, script: str, text: str | None
) -> None:
    """
    A file that is missing, no JSON, or something else is named in one line, with exit code 2.
    """
    file = tmp_path / "answer.json"
    if text is not None:
        file.write_text(text)

    code, out, err = run(script, file)

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith(f"{file}: ")


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_is_right(run: Run, saved: Callable[[str, object], Path], script: str) -> None:
    """
    An empty list has nothing wrong in it.
    """
    assert (None, "", "") == run(script, saved("none.json", {"items": []}))


def test_each_file_with_decisions_is_checked(
    run: Run, shop: Client, saved: Callable[[str, object], Path]
) -> None:
    """
    An estimate, a list of estimates and a list of decisions; what was changed is named.
    """
    one, many, decisions = (
        shop.get(f"{TICKET}/{path}", MANAGER).json
        for path in ("estimates/2", "estimates", "decisions")
    )
    names = ("one.json", "many.json", "decisions.json")
    files = [*map(saved, names, (one, many, decisions))]
    right = run("check_decisions.py", *files)

    changed: list[Any] = [one, many["items"][0], decisions["items"][1]]
    for record in changed:
        record["note"] = "Changed."
    [*map(saved, names, (one, many, decisions))]
    code, out, err = run("check_decisions.py", *files)

    assert (None, "", "") == right
    assert ("", "") == (out, err)
    assert [
        f"{files[0]}: estimate 2 was changed",
        f"{files[1]}: estimate {many['items'][0]['number']} was changed",
        f"{files[2]}: decision {decisions['items'][1]['id']} was changed",
    ] == str(code).splitlines()
