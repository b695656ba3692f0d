"""Files with secrets: refused if another user could have written them."""

import os
import stat
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

from mechanic_adapters.security.signing_keys import new_rsa_key
from mechanic_shop.settings.trusted_files import require_trusted
from mechanic_shop.settings.variables import WrongSettings
from tests.integration.cli.outcomes import CommandLine, is_one_line

NOBODY: Final = 65_534
SECRET: Final = "a-secret-that-is-long-enough-to-sign-with"
RSA: Final = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": "shop.pem"}


@frozen
class Use:
    """A file with a secret, and the settings with which a start reads it."""

    file: str
    text: Callable[[], str]
    env: dict[str, str]
    blamed: str = ""


USES: Final = [
    Use(".env", lambda: f"SECRET_KEY={SECRET}\n", {}),
    Use("mechanic_shop.secret", lambda: SECRET, {}),
    Use("shop.pem", new_rsa_key, RSA, "JWT_PRIVATE_KEY_FILE: "),
    Use(
        "old.pem",
        new_rsa_key,
        {**RSA, "JWT_PREVIOUS_KEYS": "shop.pem,old.pem"},
        "JWT_PREVIOUS_KEYS: the 2nd key: ",
    ),
]


@pytest.fixture(params=USES, ids=lambda use: use.file)
def use(request: pytest.FixtureRequest, tmp_path: Path) -> Use:
    """A file with a secret, as its owner creates it, and a private key beside it."""
    found: Use = request.param
    for name, text in (("shop.pem", new_rsa_key), (found.file, found.text)):
        (tmp_path / name).write_text(text())
        (tmp_path / name).chmod(0o600)
    return found


def assert_refused(shop_cli: CommandLine, use: Use, reason: str) -> None:
    """Check that a start is refused with one line that names the file and the reason."""
    outcome = shop_cli("stock", "check", **use.env)

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.startswith(
        f"mechanic-shop: {use.blamed}{use.file} is not trusted: {reason}"
    ), outcome.err
    assert SECRET not in outcome.err


def test_a_file_of_the_own_user_is_used(shop_cli: CommandLine, use: Use) -> None:
    """
    A file with a secret that belongs to the user of the shop is used.
    """
    shop_cli("db", "upgrade", **use.env)

    assert 0 == shop_cli("stock", "check", **use.env).code


def test_a_file_of_another_user_is_refused(
    shop_cli: CommandLine, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A file with a secret that belongs to another user is refused.
    """
    if os.geteuid() == 0:
        os.chown(tmp_path / use.file, NOBODY, -1)
        assert_refused(shop_cli, use, "it belongs to ")
    else:  # only root can give a file away: here the shop runs as another user, and none is its own
        other = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: other)
        outcome = shop_cli("stock", "check", **use.env)

        assert 2 == outcome.code
        assert " is not trusted: it belongs to " in outcome.err


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o664])
def test_a_file_that_others_can_write_is_refused(
    shop_cli: CommandLine, use: Use, tmp_path: Path, mode: int
) -> None:
    """
    A file with a secret that its group or everybody can write to is refused and not changed.
    """
    file = tmp_path / use.file
    file.chmod(mode)

    assert_refused(shop_cli, use, f"other users can write to it (mode {mode:04o})")
    assert mode == stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize(
    ("owner", "mode", "own", "trusted"),
    [
        (0, 0o644, 1000, True),
        (1000, 0o600, 1000, True),
        (1000, 0o444, 1000, True),
        (0, 0o600, 0, True),
        (1001, 0o600, 1000, False),
        (1000, 0o600, 0, False),
        (0, 0o664, 1000, False),
        (1000, 0o602, 1000, False),
    ],
)
def test_only_files_of_root_and_of_the_own_user_are_trusted(
    monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, own: int, *, trusted: bool
) -> None:
    """
    A file is trusted if it belongs to root or the own user, and only its owner can write to it.
    """
    monkeypatch.setattr(os, "geteuid", lambda: own)
    status = os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, 0, 10, 0, 0, 0))
    expected = nullcontext() if trusted else pytest.raises(WrongSettings, match="is not trusted: ")

    with expected:
        require_trusted(Path("shop.pem"), status)


def test_a_pipe_of_another_user_does_not_block(
    shop_cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A pipe in the place of a file that another user has put there is refused, not waited for.
    """
    os.mkfifo(tmp_path / ".env", 0o666)
    (tmp_path / ".env").chmod(0o666)

    assert 2 == shop_cli("config").code
