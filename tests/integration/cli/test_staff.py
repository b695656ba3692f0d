"""`staff add`: the first manager, and refused input."""

import os
import pty
import subprocess
import sys
from io import FileIO
from pathlib import Path

from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line, role_of
from tests.integration.programs import PATIENCE_S, environment, run, serving


def test_the_first_manager_is_added_and_logs_in(
    shop_cli: CommandLine, tmp_path: Path, url: str
) -> None:
    """
    From an empty database to the first request of a manager.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)

    added = shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    assert (0, "manager 1: Grace <grace@example.com>\n") == (added.code, added.out)
    with serving(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url}) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")


def test_staff_are_refused_in_one_line(shop_cli: CommandLine) -> None:
    """
    An e-mail address in use is a one-line error without a traceback.
    """
    shop_cli(*ADD, "--password-stdin", given="correct horse\n")
    twice = shop_cli(*ADD, "--password-stdin", given="correct horse\n")

    assert 1 == twice.code
    assert "This e-mail address is already in use" in twice.err
    assert is_one_line(twice.err)


def test_all_invalid_values_are_reported(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    All invalid values are reported together by their options, and nobody is added.
    """
    words = ("staff", "add", "--role", "manager", "--email", "grace", "--name", " ")

    outcome = shop_cli(*words, "--password-stdin", given="short\n")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert "--name must not be empty; --email must" in outcome.err
    assert "; the password must have 8 to 128 characters" in outcome.err
    assert [] == [*tmp_path.iterdir()]


def test_a_byte_order_mark_is_no_part_of_the_password(
    shop_cli: CommandLine, tmp_path: Path, url: str
) -> None:
    """
    F22: a byte-order mark before the password on standard input is dropped.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)

    shop_cli(*ADD, "--password-stdin", given="\ufeffcorrect horse\n", DATABASE_URL=url)

    with serving(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url}) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")


def test_a_prompt_needs_a_terminal(tmp_path: Path) -> None:
    """
    Without a terminal and `--password-stdin` the command fails with one line.
    """
    added = run(tmp_path, *ADD, given="correct horse\ncorrect horse\n")

    assert 2 == added.returncode
    assert is_one_line(added.stderr)
    assert "--password-stdin" in added.stderr


def test_a_password_can_be_typed(tmp_path: Path) -> None:
    """
    Without `--password-stdin` the password is prompted for twice and not echoed.
    """
    keyboard, terminal = pty.openpty()
    adding = subprocess.Popen(
        [sys.executable, "-m", "mechanic_shop", *ADD],
        cwd=tmp_path,
        env=environment(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,  # otherwise it would prompt at the terminal of the tests
    )
    os.close(terminal)
    with adding, open(keyboard, "r+b", buffering=0) as screen:  # noqa: PTH123 - of a descriptor
        try:
            shown = _typed(screen, b"Password: ") + _typed(screen, b"confirmation: ")
            code = adding.wait(PATIENCE_S)
        finally:
            adding.kill()

    assert 0 == code
    assert b"correct horse" not in shown


def _typed(screen: FileIO, prompt: bytes) -> bytes:
    """Type the password when *prompt* appears, and return the output so far."""
    shown = b""
    while not shown.endswith(prompt):
        shown += screen.read(1)
    screen.write(b"correct horse\n")
    return shown
