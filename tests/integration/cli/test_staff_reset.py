"""`staff reset`: a new password for who has forgotten theirs."""

from pathlib import Path

from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line, role_of
from tests.integration.programs import serving

RESET = ("staff", "reset", "--email", "GRACE@example.com", "--password-stdin")


def test_a_manager_gets_a_new_password(shop_cli: CommandLine, tmp_path: Path, url: str) -> None:
    """
    M1: who runs the server can set the password of the last manager.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    reset = shop_cli(*RESET, given="staple horse\n", DATABASE_URL=url)

    assert (0, "mechanic 1: new password, all sessions ended\n") == (reset.code, reset.out)
    with serving(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url}) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "staple horse")


def test_an_unknown_address_is_refused(shop_cli: CommandLine) -> None:
    """
    M1: an address that no mechanic has, and a weak password, are one-line errors.
    """
    shop_cli("db", "upgrade")

    unknown = shop_cli(*RESET, given="staple horse\n")
    weak = shop_cli(*RESET, given="short\n")

    assert (1, 2) == (unknown.code, weak.code)
    assert "no mechanic has this e-mail address" in unknown.err
    assert "the password must have 8 to 128 characters" in weak.err
    assert is_one_line(unknown.err)
    assert is_one_line(weak.err)
