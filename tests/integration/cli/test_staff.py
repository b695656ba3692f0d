"""`staff`: the first manager, and who is refused."""

from pathlib import Path

from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line, role_of
from tests.integration.programs import run, serving


def test_the_first_manager_is_added_and_logs_in(
    shop_cli: CommandLine, tmp_path: Path, url: str
) -> None:
    """
    From an empty database to a manager's first request.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)

    added = shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    assert (0, "manager 1: Grace <grace@example.com>\n") == (added.code, added.out)
    with serving(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url}) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")


def test_staff_are_refused_in_one_line(shop_cli: CommandLine) -> None:
    """
    A short password and an address in use are told, not traced.
    """
    short = shop_cli(*ADD, "--password-stdin", given="short\n")
    shop_cli(*ADD, "--password-stdin", given="correct horse\n")
    twice = shop_cli(*ADD, "--password-stdin", given="correct horse\n")

    assert (1, 1) == (short.code, twice.code)
    assert "must have from 8 to 128 characters" in short.err
    assert "This e-mail address is in use already" in twice.err
    assert is_one_line(short.err)
    assert is_one_line(twice.err)


def test_a_password_can_be_typed(tmp_path: Path) -> None:
    """
    Without `--password-stdin` it is asked for twice, and nothing is printed of it.
    """
    added = run(tmp_path, *ADD, given="correct horse\ncorrect horse\n")

    assert 0 == added.returncode
    assert "correct horse" not in added.stdout + added.stderr
