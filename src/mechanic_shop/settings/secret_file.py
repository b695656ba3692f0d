"""The secret that a development shop generates once and stores in a file."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final

from mechanic_shop.settings.database_url import sqlite_file
from mechanic_shop.settings.parsers import is_long_enough
from mechanic_shop.settings.variables import WrongSettings

DEFAULT_PATH: Final = Path("mechanic_shop.secret")


def secret_path(database_url: str) -> Path:
    """Return the secret's path: beside an SQLite file, else in the current folder."""
    file = sqlite_file(database_url)
    return file.with_suffix(".secret") if file else DEFAULT_PATH


def read_or_create_secret(path: Path) -> str:
    """Return the secret in *path*, generated now if there is none; only its owner can read it.

    Processes that start together get the same secret, because each locks the file.
    Raises `WrongSettings`.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(fd, "r+", encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
            fcntl.flock(file, fcntl.LOCK_EX)
            os.fchmod(fd, 0o600)
            secret = file.read()
            if not secret:
                secret = secrets.token_urlsafe(48)
                file.write(secret)
                file.flush()
                os.fsync(fd)
    except (OSError, UnicodeDecodeError) as error:
        text = f"SECRET_KEY is not set and a secret cannot be stored: {error}"
        raise WrongSettings(text) from None
    if not is_long_enough(secret):
        raise WrongSettings(f"SECRET_KEY is not set and the secret in {path} is too short")
    return secret
