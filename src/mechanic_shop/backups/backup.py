"""Back up the whole database to one file, and restore it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from mechanic_adapters.sql.engine.sqlite.file import create_file
from mechanic_core.errors import Refused
from mechanic_shop.backups import postgres as postgres_backups
from mechanic_shop.backups import sqlite as sqlite_backups
from mechanic_shop.settings.database_url import require_folder, sqlite_file

_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_POSTGRES_MAGIC: Final = b"PGDMP"
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
"""The suffixes of the files of one SQLite database."""


class BackupRefused(Refused):
    """The backup cannot be made or restored."""

    exit_code: ClassVar = 1


def back_up(url: str, target: Path, *, replace: bool = False) -> int:
    """Write the database at *url* to *target* and return its size in bytes.

    The shop may keep running: the backup is a consistent snapshot. The file is written
    atomically and is readable by its owner only. Raises `WrongSettings`, and `BackupRefused`,
    also if *target* exists and *replace* is false, or if it is the database itself.
    """
    require_folder(url)
    with _translate_errors():
        _require_other_file(url, target)
        if target.exists() and not replace:
            raise BackupRefused(f"{target} already exists: use --force to replace it")
        if (own := sqlite_file(url)) and not own.exists():
            raise BackupRefused(f"there is no shop in {own}: set DATABASE_URL to its place")
        with _atomic_write(target, replace=replace) as temporary:
            if own:
                sqlite_backups.write(own, temporary)
            else:
                postgres_backups.write(url, temporary)
            return temporary.stat().st_size


def restore(url: str, source: Path, *, replace: bool = False) -> None:
    """Restore the database at *url* from *source*, completely or not at all.

    Raises `WrongSettings`, and `BackupRefused`, also if the database has tables and *replace* is
    false, or if *source* is the database itself.
    """
    require_folder(url)
    with _translate_errors():
        _require_other_file(url, source)
        file = sqlite_file(url)
        magic = _SQLITE_MAGIC if file else _POSTGRES_MAGIC
        with source.open("rb") as backup:
            matches = backup.read(len(magic)) == magic
        if not matches:
            system = "SQLite" if file else "PostgreSQL"
            raise BackupRefused(f"{source} is not a backup of a shop on {system}")
        if file:
            sqlite_backups.read(source, file, replace=replace)
        else:
            postgres_backups.read(source, url, replace=replace)


def _require_other_file(url: str, path: Path) -> None:
    """Raise `BackupRefused` if *path* is a file of the database, which servers have open."""
    file = sqlite_file(url)
    own = [Path(f"{file}{suffix}") for suffix in _SUFFIXES] if file else []
    if path.exists() and any(one.exists() and one.samefile(path) for one in own):
        raise BackupRefused(f"{path} is the shop's own database and cannot be its backup")


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise `BackupRefused` for an `OSError` or `ValueError` in this block."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise BackupRefused(_describe(error)) from error


def _describe(error: OSError | ValueError) -> str:
    """Return which file an error is about, in words; that of a temporary file is its folder."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        path = Path(os.fsdecode(error.filename))
        place = path.parent if path.name.startswith(".") else path
        return f"{place}: {error.strerror}"
    return str(error)


@contextmanager
def _atomic_write(target: Path, *, replace: bool) -> Iterator[Path]:
    """Yield a temporary file that becomes *target* if the block succeeds."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    create_file(temporary)
    try:
        yield temporary
        _fsync(temporary)
        if replace:
            temporary.replace(target)
        else:
            target.hardlink_to(temporary)  # unlike a rename, fails if it exists by now
        _fsync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
