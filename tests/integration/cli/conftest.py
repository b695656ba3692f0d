"""Fixtures: the command line, and databases for it."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mechanic_shop.cli import main
from tests.integration.cli.outcomes import CommandLine, Outcome
from tests.integration.programs import OURS
from tests.integration.servers import PostgresServer


@pytest.fixture
def shop_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs a command in an empty directory within this process, a hundred times as fast."""
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)

    def run_here(*args: str, given: str = "", **env: str) -> Outcome:
        with monkeypatch.context() as patch:
            for name, text in env.items():
                patch.setenv(name, text)
            patch.setattr(sys, "stdin", io.StringIO(given))
            with pytest.raises(SystemExit) as stopped:
                main(args)
        captured = capsys.readouterr()
        return Outcome(stopped.value.code or 0, captured.out, captured.err)

    return run_here


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a database without tables."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return "sqlite:///shop.db"
    address: str = request.getfixturevalue("postgres_url")
    return address
