"""The secret that a development shop generates once and stores in a file."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from mechanic_shop.settings.database_url import sqlite_file
from mechanic_shop.settings.parsers import is_long_enough
from mechanic_shop.settings.trusted_files import require_trusted
from mechanic_shop.settings.variables import WrongSettings

DEFAULT_PATH: Final = Path("mechanic_shop.secret")

_OWNER_ONLY: Final = 0o600
_SAFELY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Another user's link is refused and another user's pipe does not block; Windows has neither."""


def secret_path(database_url: str) -> Path:
    """Return the secret's path: beside an SQLite file, else in the current folder."""
    file = sqlite_file(database_url)
    return file.with_suffix(".secret") if file else DEFAULT_PATH


def read_or_create_secret(path: Path) -> str:
    """Return the secret in *path*, generated now if there is none; only its owner can read it.

    Processes that start together get the same secret: the file appears complete, and once.
    Raises `WrongSettings`, also if other users can write to the file.
    """
    try:
        if not path.exists():
            _create(path, secrets.token_urlsafe(48))
        with _open(path) as file:
            secret = file.read().decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        text = f"SECRET_KEY is not set and a secret cannot be stored: {error}"
        raise WrongSettings(text) from None
    if not is_long_enough(secret):
        raise WrongSettings(f"SECRET_KEY is not set and the secret in {path} is too short")
    return secret


def _create(path: Path, secret: str) -> None:
    """Write *secret* to *path*, unless another process has by now."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(secret.encode("ascii"))
            file.flush()
            os.fsync(fd)
        with suppress(FileExistsError):
            path.hardlink_to(temporary)  # unlike a rename, fails if it exists by now
    finally:
        temporary.unlink()


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open *path* to read it, after making it readable by its owner only."""
    with open(os.open(path, os.O_RDONLY | _SAFELY), "rb") as file:  # noqa: PTH123 - of a descriptor
        status = os.fstat(file.fileno())
        require_trusted(path, status)
        if hasattr(os, "geteuid") and status.st_uid == os.geteuid():
            os.fchmod(file.fileno(), _OWNER_ONLY)
        yield file
