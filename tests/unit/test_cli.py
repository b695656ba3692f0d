"""The command line: help, usage errors and failures."""

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
    """A command that raises the first error in the returned list."""
    errors: list[Exception] = []

    def fail() -> None:
        raise errors[0]

    command = click.Command("fail", callback=fail)
    monkeypatch.setitem(cli.cli.commands, "fail", command)
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)
    return errors


@pytest.mark.parametrize("name", [*cli.command_summaries()])
def test_summaries_match_the_commands(name: str) -> None:
    """
    The summary that is read from a command's source is its help text.
    """
    command = getattr(importlib.import_module(f"mechanic_shop.commands.{name}"), name)

    assert cli.command_summaries()[name] == command.help


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """
    `--help` exits 0 and lists every command.
    """
    assert 0 == outcome("--help")

    output = capsys.readouterr().out
    assert all(f"\n  {name} " in output for name in cli.command_summaries())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "mechanic-shop: Missing command. See mechanic-shop --help"),
        (["db"], "mechanic-shop: Missing command. See mechanic-shop db --help"),
        (["staff"], "mechanic-shop: Missing command. See mechanic-shop staff --help"),
        (["sell"], "mechanic-shop: No such command 'sell'. See mechanic-shop --help"),
        (
            ["serve", "--por", "1"],
            "mechanic-shop: No such option '--por'. Did you mean '--port'? See",
        ),
        (["serve", "--port", "x"], "mechanic-shop: Invalid value for '--port'"),
        (["staff", "add"], "mechanic-shop: Missing option '--role'"),
        (["keys", "new", "--alg", "none"], "mechanic-shop: Invalid value for '--alg'"),
    ],
)
def test_misuse_is_one_line_and_exit_2(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Wrong usage is reported in one line on standard error, with exit code 2.
    """
    code = outcome(*args)

    output = capsys.readouterr()
    assert 2 == code
    assert "" == output.out
    assert output.err.startswith(message)
    assert 1 == output.err.count("\n")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (WrongSettings("LOG_LEVEL is wrong"), 2, "LOG_LEVEL is wrong"),
        (Unavailable("the database\nis away"), 1, "the database is away"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (FileNotFoundError(2, "No such file", "keys/k.pem"), 1, "keys/k.pem: No such file"),
        (OSError("the disk is gone"), 1, "the disk is gone"),
        (click.ClickException("no"), 1, "no"),
        (click.Abort(), 1, "stopped"),
        (ZeroDivisionError("division"), 1, "internal error: ZeroDivisionError: division"),
    ],
)
def test_a_failure_is_one_line(
    failing: list[Exception],
    error: Exception,
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    Any failure is reported in one line, without a traceback.
    """
    failing.append(error)

    assert code == outcome("fail")
    assert f"mechanic-shop: {message}\n" == capsys.readouterr().err
