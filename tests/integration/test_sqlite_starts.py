"""Concurrent starts on one SQLite file: missing, in another journal mode, or after a crash."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from multiprocessing import Queue, get_context
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path
from threading import Barrier, Timer
from typing import Final

import pytest

from mechanic_adapters.conformance.samples.records import new_customer
from mechanic_adapters.sql.engine.sqlite.locking import enable_wal
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.paging import PageRequest
from mechanic_shop.settings.secret_file import read_or_create_secret, secret_path
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.database import open_database
from mechanic_shop.wiring.sweeper import Sweeper

HANDS: Final = 8
PROCESSES: Final = 4

spawned = get_context("spawn")


def missing(file: Path) -> None:
    """Leave the file missing."""


def in_another_journal(file: Path) -> None:
    """Create a shop in rollback-journal mode."""
    runner.upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        assert ("delete",) == connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def after_a_crash(file: Path) -> None:
    """Create a shop as a killed process leaves it: with a WAL to recover."""
    whole = file.with_suffix(".whole")
    runner.upgrade(f"sqlite:///{whole}")
    with closing(SqlStore.open(f"sqlite:///{whole}")) as store:
        with store.begin() as work:
            work.customers.add(new_customer(email="before@x.example"))
        for end in ("", "-wal"):
            shutil.copy(f"{whole}{end}", f"{file}{end}")
    assert Path(f"{file}-wal").stat().st_size


BEFORE: Final = (missing, in_another_journal, after_a_crash)
EACH: Final = 2
"""The number of files of each kind."""


def start(file: Path, who: str) -> str:
    """Open the shop as each process does at its start, write, and return the shop's secret."""
    url = f"sqlite:///{file}"
    secret = read_or_create_secret(secret_path(url))
    with open_database(Settings(database_url=url), 2) as store:
        Sweeper(store, utc_now, timedelta(minutes=30)).sweep()
        with store.begin() as work:
            work.customers.add(new_customer(name=who, email=f"{who}@x.example"))
    return secret


def names(file: Path) -> list[str]:
    """Return the names of the customers that were added at the starts."""
    with closing(SqlStore.open(f"sqlite:///{file}")) as store, store.read_only() as work:
        found = work.customers.find(None, PageRequest(size=100)).items
    return sorted(one.name for one in found if one.name.startswith("hand"))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files of each kind, before any start."""
    made = []
    for before in BEFORE:
        for number in range(EACH):
            made.append(tmp_path / f"{before.__name__}-{number}.db")
            before(made[-1])
    return made


def test_threads_start_together(files: list[Path]) -> None:
    """
    Threads that open one file concurrently all succeed and share one secret.
    """
    together = Barrier(HANDS)

    def hand(file: Path, number: int) -> str:
        together.wait()
        return start(file, f"hand-{number}")

    with ThreadPoolExecutor(HANDS) as hands:
        for file in files:
            secrets = [*hands.map(partial(hand, file), range(HANDS))]

            assert 1 == len({*secrets})
            assert [f"hand-{n}" for n in range(HANDS)] == names(file)


def test_processes_start_together(files: list[Path]) -> None:
    """
    Processes that open one file concurrently all succeed and share one secret.
    """
    spawned = get_context("spawn")
    together = spawned.Barrier(PROCESSES)
    results = spawned.Queue()
    hands = [
        spawned.Process(target=_start_each, args=(files, number, together, results), daemon=True)
        for number in range(PROCESSES)
    ]
    for hand in hands:
        hand.start()
    secrets = [results.get(timeout=120) for _ in hands]
    for hand in hands:
        hand.join()

    assert [0] * PROCESSES == [hand.exitcode for hand in hands]
    assert [secrets[0]] * PROCESSES == secrets
    for file in files:
        assert [f"hand-{n}" for n in range(PROCESSES)] == names(file)


def _start_each(
    files: list[Path], number: int, together: BarrierType, results: "Queue[list[str]]"
) -> None:
    secrets = []
    for file in files:
        together.wait(60)
        secrets.append(start(file, f"hand-{number}"))
    results.put(secrets)


@contextmanager
def another_switch(file: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a switch to WAL mode for a while."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = Timer(seconds, other.execute, ["COMMIT"])
    ending.start()
    try:
        yield
    finally:
        ending.join()
        other.close()


@pytest.mark.parametrize("act", ["upgrade", "write"])
def test_waits_for_another_that_switches(tmp_path: Path, act: str) -> None:
    """
    A switch to WAL mode is retried while another process switches.
    """
    file = tmp_path / "shop.db"
    in_another_journal(file)

    with another_switch(file, 0.3):
        if act == "upgrade":
            runner.upgrade(f"sqlite:///{file}")
        else:
            start(file, "hand-0")

    with closing(sqlite3.connect(file)) as connection:
        assert ("wal",) == connection.execute("PRAGMA journal_mode").fetchone()


def test_does_not_wait_for_ever(tmp_path: Path) -> None:
    """
    The retry ends with an error after its timeout.
    """
    file = tmp_path / "shop.db"
    in_another_journal(file)

    with another_switch(file, 3), closing(sqlite3.connect(file, timeout=0)) as connection:
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            enable_wal(connection, timeout=0.2)
        took = time.monotonic() - began

    assert 0.2 < took < 3


def test_does_not_retry_in_vain(tmp_path: Path) -> None:
    """
    A file that is no database is not retried.
    """
    file = tmp_path / "shop.db"
    file.write_bytes(b"Dear customer, " * 100)

    with closing(sqlite3.connect(file)) as connection:
        began = time.monotonic()
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            enable_wal(connection, timeout=30)

    assert time.monotonic() - began < 10
