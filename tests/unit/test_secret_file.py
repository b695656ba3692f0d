"""The secret of a shop in development: where it lies, made once, and closed to others."""

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
    ],
)
def test_the_secret_lies_beside_the_database(url: str, expected: str) -> None:
    """
    A file database has its secret next to it, any other in the current folder.
    """
    assert Path(expected) == secret_path(url)


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """
    Any number of processes that start at once get the same secret, which only its owner reads.
    """
    path = tmp_path / "shop.secret"
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(read_or_create_secret(path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {path.read_text()} == set(found)
    assert 8 == len(found)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_secret_that_others_could_read_is_closed(tmp_path: Path) -> None:
    """
    A file that was copied with the wrong mode is put right.
    """
    path = tmp_path / "shop.secret"
    path.write_text(SECRET)
    path.chmod(0o644)

    assert SECRET == read_or_create_secret(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_secret_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    """
    A folder that is not there stops the start.
    """
    with pytest.raises(
        WrongSettings, match=r"^SECRET_KEY is not set and a secret cannot be stored"
    ):
        read_or_create_secret(tmp_path / "nowhere" / "shop.secret")


def test_a_file_that_holds_no_key_is_told(tmp_path: Path) -> None:
    """
    Something else by the name of the secret is not signed with.
    """
    path = tmp_path / "shop.secret"
    path.write_text("short")

    with pytest.raises(WrongSettings, match="too short"):
        read_or_create_secret(path)
