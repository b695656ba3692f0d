"""Backup and restore while a shop on SQLite runs."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mechanic_adapters.sql.migrations import runner
from mechanic_shop.backups import sqlite as sqlite_backups
from mechanic_shop.backups.backup import BackupRefused, back_up, restore


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a shop."""
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    runner.upgrade(address)
    return address


@pytest.fixture
def server(tmp_path: Path, url: str) -> Iterator[sqlite3.Connection]:
    """An open connection, so that there is a WAL."""
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as connection:
        connection.execute("SELECT * FROM parts").fetchone()
        yield connection


@pytest.mark.timeout(60, method="thread")  # a signal would not interrupt SQLite
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("act", [back_up, restore])
@pytest.mark.parametrize("alias", ["shop.db", "hard.db", "soft.db", "shop.db-wal"])
@pytest.mark.parametrize("replace", [True, False])
def test_a_shop_is_no_backup_of_itself(
    tmp_path: Path, url: str, act: Callable[..., object], alias: str, *, replace: bool
) -> None:
    """
    A file that servers have open is neither overwritten nor restored from, whatever its path.
    """
    (tmp_path / "hard.db").hardlink_to(tmp_path / "shop.db")
    (tmp_path / "soft.db").symlink_to(tmp_path / "shop.db")
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}

    with pytest.raises(BackupRefused, match=f"{alias} is the shop's own database"):
        act(url, tmp_path / alias, replace=replace)

    assert before == {path.name: path.stat().st_ino for path in tmp_path.iterdir()}


@pytest.mark.timeout(60, method="thread")  # a signal would not interrupt SQLite
def test_restore_does_not_wait_endlessly_for_a_writer(
    tmp_path: Path, url: str, server: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Restore fails after its timeout while another process keeps writing, and changes nothing.
    """
    monkeypatch.setattr(sqlite_backups, "_WAIT_S", 0.3)
    backup = tmp_path / "shop.backup"
    back_up(url, backup)
    server.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackupRefused, match=r"shop\.db has been locked by another process"):
        restore(url, backup, replace=True)
    server.execute("UPDATE list_totals SET total = 7")
    server.execute("COMMIT")
    totals = server.execute("SELECT DISTINCT total FROM list_totals").fetchall()
    restore(url, backup, replace=True)

    assert [(7,)] == totals
    assert [(0,)] == server.execute("SELECT DISTINCT total FROM list_totals").fetchall()
