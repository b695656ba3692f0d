"""The command line: what it lists, and how it says no."""

import importlib

import click
import pytest

from mechanic_core.errors import Unavailable
from mechanic_shop import cli
from mechanic_shop.settings.variables import WrongSettings


def outcome(*args: str) -> int | str | None:
    """Run the command line and return its exit code."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(args)
    return stopped.value.code


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """A command that raises what is put into the list."""
    errors: list[Exception] = []

    def fail() -> None:
        raise errors[0]

    command = click.Command("fail", callback=fail)
    monkeypatch.setitem(cli.cli.commands, "fail", command)
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)
    return errors


@pytest.mark.parametrize("name", [*cli.command_summaries()])
def test_each_command_says_the_same_of_itself(name: str) -> None:
    """
    The list of commands, made without importing them, has their own words.
    """
    command = getattr(importlib.import_module(f"mechanic_shop.commands.{name}"), name)

    assert cli.command_summaries()[name] == command.help


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """
    `--help` is no error, and names all that can be done.
    """
    assert 0 == outcome("--help")

    told = capsys.readouterr().out
    assert all(f"\n  {name} " in told for name in cli.command_summaries())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "mechanic-shop: Missing command. See mechanic-shop --help"),
        (["db"], "mechanic-shop: Missing command. See mechanic-shop db --help"),
        (["staff"], "mechanic-shop: Missing command. See mechanic-shop staff --help"),
        (["sell"], "mechanic-shop: No such command 'sell'. See mechanic-shop --help"),
        (["serve", "--port", "x"], "mechanic-shop: Invalid value for '--port'"),
        (["staff", "add"], "mechanic-shop: Missing option '--role'"),
        (["keys", "new", "--alg", "none"], "mechanic-shop: Invalid value for '--alg'"),
    ],
)
def test_misuse_is_one_line_and_exit_2(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Whoever mistypes is told so, on standard error.
    """
    code = outcome(*args)

    told = capsys.readouterr()
    assert 2 == code
    assert "" == told.out
    assert told.err.startswith(said)
    assert 1 == told.err.count("\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (WrongSettings("LOG_LEVEL is wrong"), 2, "LOG_LEVEL is wrong"),
        (Unavailable("the database\nis away"), 1, "the database is away"),
        (OSError(98, "Address already in use"), 1, "[Errno 98] Address already in use"),
        (click.ClickException("no"), 1, "no"),
        (click.Abort(), 1, "stopped"),
        (ZeroDivisionError("division"), 1, "internal error: ZeroDivisionError: division"),
    ],
)
def test_a_failure_is_one_line(
    failing: list[Exception],
    error: Exception,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    Whatever goes wrong, nobody gets a traceback.
    """
    failing.append(error)

    assert code == outcome("fail")
    assert f"mechanic-shop: {said}\n" == capsys.readouterr().err
