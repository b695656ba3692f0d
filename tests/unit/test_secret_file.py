"""The secret file of a development shop: its path, content and permissions."""

import stat
import threading
from pathlib import Path

import pytest

from mechanic_shop.settings.secret_file import read_or_create_secret, secret_path
from mechanic_shop.settings.variables import WrongSettings

SECRET = "a-secret-that-is-long-enough-to-sign-with"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///mechanic_shop.db", "mechanic_shop.secret"),
        ("sqlite:////var/lib/shop.sqlite3?timeout=5", "/var/lib/shop.secret"),
        ("postgresql://host/shop", "mechanic_shop.secret"),
        ("postgresql://user:[word@host/shop", "mechanic_shop.secret"),
    ],
)
def test_the_secret_is_beside_the_database(url: str, expected: str) -> None:
    """
    The secret is beside an SQLite file, or else in the current folder.
    """
    assert Path(expected) == secret_path(url)


def test_concurrent_starts_share_one_secret(tmp_path: Path) -> None:
    """
    Concurrent starts get the same secret, and only its owner can read the file.
    """
    path = tmp_path / "shop.secret"
    secrets: list[str] = []
    threads = [
        threading.Thread(target=lambda: secrets.append(read_or_create_secret(path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {path.read_text()} == set(secrets)
    assert 8 == len(secrets)
    assert [path] == list(tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_wrong_permissions_are_corrected(tmp_path: Path) -> None:
    """
    Wrong permissions of the file are corrected.
    """
    path = tmp_path / "shop.secret"
    path.write_text(SECRET)
    path.chmod(0o644)

    assert SECRET == read_or_create_secret(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_secret_that_cannot_be_stored_is_reported(tmp_path: Path) -> None:
    """
    A missing folder is reported.
    """
    with pytest.raises(
        WrongSettings, match=r"^SECRET_KEY is not set and a secret cannot be stored"
    ):
        read_or_create_secret(tmp_path / "nowhere" / "shop.secret")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """
    A link in place of the file is reported: another user may have made it.
    """
    path = tmp_path / "shop.secret"
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(WrongSettings, match="a secret cannot be stored"):
        read_or_create_secret(path)

    assert [path] == list(tmp_path.iterdir())


def test_a_short_secret_is_reported(tmp_path: Path) -> None:
    """
    A file with a short text is not used as a secret.
    """
    path = tmp_path / "shop.secret"
    path.write_text("short")

    with pytest.raises(WrongSettings, match="too short"):
        read_or_create_secret(path)
