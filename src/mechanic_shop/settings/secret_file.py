"""The secret that a shop in development makes for itself and keeps."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from mechanic_shop.settings.parsers import is_key
from mechanic_shop.settings.variables import WrongSettings

ELSEWHERE: Final = Path("mechanic_shop.secret")


def sqlite_file(database_url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    parts = urlsplit(database_url)
    return Path(unquote(parts.path[1:])) if parts.scheme == "sqlite" else None


def beside(database_url: str) -> Path:
    """Return where the secret lies: beside an SQLite file, else in the current folder."""
    file = sqlite_file(database_url)
    return file.with_suffix(".secret") if file else ELSEWHERE


def kept_secret(path: Path) -> str:
    """Return the secret in *path*, made now if there is none yet; only its owner may read it.

    Processes that start together get the same one, for each waits for the file's lock.
    Raises `WrongSettings` where it can't be kept.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(handle, "r+", encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
            fcntl.flock(file, fcntl.LOCK_EX)
            os.fchmod(handle, 0o600)
            secret = file.read()
            if not secret:
                secret = secrets.token_urlsafe(48)
                file.write(secret)
                file.flush()
                os.fsync(handle)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings(f"SECRET_KEY is not set and can't be kept: {error}") from None
    if not is_key(secret):
        raise WrongSettings(f"SECRET_KEY is not set, and what {path} holds is too short")
    return secret
