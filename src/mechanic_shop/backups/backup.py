"""Backups: the whole database in one file, and back again."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from mechanic_core.errors import Refused
from mechanic_shop.backups import postgres as postgres_backups
from mechanic_shop.backups import sqlite as sqlite_backups
from mechanic_shop.settings.database_address import must_have_room
from mechanic_shop.settings.secret_file import sqlite_file

_SQLITE: Final = b"SQLite format 3\0"
_POSTGRES: Final = b"PGDMP"
_OWN: Final = ("", "-wal", "-shm", "-journal")
"""How the names of the files end that SQLite keeps one database in."""


class BackupRefused(Refused):
    """The backup can't be made or restored."""

    exit_code: ClassVar = 1


def back_up(url: str, target: Path, *, replace: bool = False) -> int:
    """Write the database at *url* to *target* and return its size in bytes.

    The shop may go on meanwhile: the file is the shop at one moment. It appears whole or not at
    all, for its owner only. Raises `BackupRefused`, also where *target* is there and is not to
    be replaced, or is the database itself; and `WrongSettings`.
    """
    must_have_room(url)
    _must_be_another(url, target)
    if target.exists() and not replace:
        raise BackupRefused(f"{target} is there already: --force replaces it")
    with _told(), _written_whole(target, replace=replace) as unfinished:
        if file := sqlite_file(url):
            sqlite_backups.write(file, unfinished)
        else:
            postgres_backups.write(url, unfinished)
        return unfinished.stat().st_size


def restore(url: str, source: Path, *, replace: bool = False) -> None:
    """Make the database at *url* what it was when *source* was written, whole or not at all.

    Raises `BackupRefused`, also where the database holds tables and is not to be replaced, or
    where *source* is the database itself; and `WrongSettings`.
    """
    must_have_room(url)
    _must_be_another(url, source)
    with _told():
        kind = _kind_of(source)
        file = sqlite_file(url)
        if kind != (_SQLITE if file else _POSTGRES):
            wanted = "SQLite" if file else "PostgreSQL"
            raise BackupRefused(f"{source} is no backup of a shop on {wanted}")
        if file:
            sqlite_backups.read(source, file, replace=replace)
        else:
            postgres_backups.read(source, url, replace=replace)


def _must_be_another(url: str, path: Path) -> None:
    """Refuse a backup that is the database: servers have its files open."""
    file = sqlite_file(url)
    own = [Path(f"{file}{end}") for end in _OWN] if file else []
    if path.exists() and any(one.exists() and one.samefile(path) for one in own):
        raise BackupRefused(f"{path} is the shop's own database, and can't be its backup")


def _kind_of(source: Path) -> bytes:
    with source.open("rb") as file:
        head = file.read(len(_SQLITE))
    return next((kind for kind in (_SQLITE, _POSTGRES) if head.startswith(kind)), b"")


@contextmanager
def _told() -> Iterator[None]:
    """Have what goes wrong told as a refusal."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise BackupRefused(str(error)) from error


@contextmanager
def _written_whole(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a file to write to, which is *target* once the block has ended well."""
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield unfinished
        _flush(unfinished)
        if replace:
            unfinished.replace(target)
        else:
            target.hardlink_to(unfinished)  # which never replaces what came meanwhile
        _flush(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
