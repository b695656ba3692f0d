"""The secret that a development shop generates once and stores in a file."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from mechanic_shop.settings.database_url import sqlite_file
from mechanic_shop.settings.parsers import is_long_enough
from mechanic_shop.settings.trusted_files import require_trusted
from mechanic_shop.settings.variables import WrongSettings

DEFAULT_PATH: Final = Path("mechanic_shop.secret")


def secret_path(database_url: str) -> Path:
    """Return the secret's path: beside an SQLite file, else in the current folder."""
    file = sqlite_file(database_url)
    return file.with_suffix(".secret") if file else DEFAULT_PATH


def read_or_create_secret(path: Path) -> str:
    """Return the secret in *path*, generated now if there is none; only its owner can read it.

    Processes that start together get the same secret, because each locks the file.
    Raises `WrongSettings`, also if other users can write to the file.
    """
    try:
        with _open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX if file.writable() else fcntl.LOCK_SH)
            secret = file.read()
            if not secret and file.writable():
                secret = secrets.token_urlsafe(48)
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
    except (OSError, UnicodeDecodeError) as error:
        text = f"SECRET_KEY is not set and a secret cannot be stored: {error}"
        raise WrongSettings(text) from None
    if not is_long_enough(secret):
        raise WrongSettings(f"SECRET_KEY is not set and the secret in {path} is too short")
    return secret


@contextmanager
def _open(path: Path) -> Iterator[IO[str]]:
    """Open *path*, created if necessary; one that belongs to root may be only readable."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # another user's pipe must not block
    try:
        fd, mode = os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o600), "r+"
    except PermissionError:
        if not path.exists():  # the folder is read-only
            raise
        fd, mode = os.open(path, flags | os.O_RDONLY), "r"
    with open(fd, mode, encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
        status = os.fstat(fd)
        require_trusted(path, status)
        if status.st_uid == os.geteuid():
            os.fchmod(fd, 0o600)
        yield file
