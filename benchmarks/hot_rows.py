"""What many transactions write: counters under an open snapshot, and the WAL of a reservation.

Run `python -m benchmarks.hot_rows --postgres URL [--seconds 20]`. In the server of that URL it
creates two databases, one with the schema before migration 0022 and one with the newest, and drops
them. Each is written to for so many seconds while a transaction with an old snapshot stays open.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from statistics import median
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from attrs import frozen
from psycopg import sql

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore

SCHEMAS: Final = {"before": "0021", "after": "head"}
ROWS: Final = 100
"""How many rows a transaction adds to a list."""

EDGE_S: Final = 2.0
FOLD_PERIOD_S: Final = 10.0
PARTS: Final = 1_000
RESERVATIONS: Final = 5_000

SETUP: Final = f"""
    ALTER TABLE customers DISABLE TRIGGER index_customer_words_insert;
    INSERT INTO mechanics (name, version, email, role, active, email_key, words)
    VALUES ('Bob', 1, 'bob@x.example', 'mechanic', true, 'bob@x.example', '[]');
    INSERT INTO parts (sku, name, price, unit, quantity, reserved, reorder_point, created_at,
        updated_at, version, name_key, sku_key, words)
    SELECT 'SKU-' || n, 'Brake pad, front ' || n, 6499, 'each', 1000000, 0, 4000, now(), now(), 1,
        'brake pad, front ' || n, 'sku-' || n, '[]'
    FROM generate_series(1, {PARTS}) AS n
"""  # noqa: S608 - our own number
"""Words are not measured: their trigger is off."""

CUSTOMERS: Final = f"""
    INSERT INTO customers (name, email, created_at, updated_at, version, name_words, contact_words)
    SELECT 'Ada', 'ada@x.example', now(), now(), 1, '[]', '[]' FROM generate_series(1, {ROWS})
"""  # noqa: S608 - our own number
FORMER_TICKET: Final = """
    INSERT INTO mechanic_tallies (span, start, mechanic_id, tickets)
    VALUES ('day', current_date, 1, 1), ('ever', '0001-01-01', 1, 1),
        ('month', date_trunc('month', current_date), 1, 1),
        ('year', date_trunc('year', current_date), 1, 1)
    ON CONFLICT (span, start, mechanic_id)
    DO UPDATE SET tickets = mechanic_tallies.tickets + excluded.tickets
"""
TICKET: Final = """
    INSERT INTO worked_ticket_changes (mechanic_id, day, tickets) VALUES (1, current_date, 1)
"""
TOTAL: Final = "SELECT coalesce(sum(total), 0)::bigint FROM list_totals WHERE list = 'customers'"
FORMER_COUNT: Final = "SELECT tickets FROM mechanic_tallies WHERE span = 'ever'"
COUNT: Final = f"SELECT ({FORMER_COUNT}) + sum(tickets) FROM worked_ticket_changes"  # noqa: S608 - our own names
RESERVE: Final = """
    UPDATE parts SET reserved = reserved + 1000, version = version + 1, updated_at = now()
    WHERE id = %s
"""
MOVEMENT: Final = """
    INSERT INTO stock_movements (part_id, kind, on_hand_change, reserved_change, on_hand_after,
        reserved_after, by_role, by_id, at)
    VALUES (%s, 'reserve', 0, 1000, 1000000, 1000, 'mechanic', 1, now())
"""


@frozen
class Write:
    """A statement that changes a counter, how many rows it adds, and what reads the counter."""

    statement: str
    rows: int
    read: str


WRITES: Final = {
    "customers/s, before": Write(CUSTOMERS, ROWS, TOTAL),
    "customers/s, after": Write(CUSTOMERS, ROWS, TOTAL),
    "worked tickets/s, before": Write(FORMER_TICKET, 1, FORMER_COUNT),
    "worked tickets/s, after": Write(TICKET, 1, COUNT),
}


@frozen
class Speed:
    """How many rows a second were written at first and at last, and what reading costs then."""

    first: float
    last: float
    read_ms: float


@contextmanager
def databases(server: str) -> Iterator[dict[str, str]]:
    """Create a database for each schema and yield their URLs."""
    names = {name: f"hot_rows_{name}" for name in SCHEMAS}
    urls = {name: urlsplit(server)._replace(path=f"/{names[name]}").geturl() for name in SCHEMAS}
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names.values():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            for name, version in SCHEMAS.items():
                runner.upgrade(urls[name], version)
                run(urls[name], SETUP)
            yield urls
        finally:
            for name in names.values():
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )


def connect(url: str) -> psycopg.Connection[Any]:
    """Connect without waiting for the disk at each commit."""
    return psycopg.connect(url, autocommit=True, options="-c synchronous_commit=off")


def run(url: str, text: str) -> None:
    """Run statements in a transaction of their own."""
    with psycopg.connect(url) as connection:
        connection.execute(text.encode())


@contextmanager
def folding(url: str) -> Iterator[None]:
    """Fold the counters as the sweeper does."""
    done = Event()
    with closing(SqlStore.open(url)) as store:

        def fold() -> None:
            while not done.wait(FOLD_PERIOD_S):
                store.fold_counters()

        thread = Thread(target=fold)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def speed(url: str, write: Write, seconds: float) -> Speed:
    """Run a statement again and again while another transaction keeps its snapshot."""
    with psycopg.connect(url) as old, connect(url) as writer:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        old.execute("SELECT count(*) FROM list_totals")
        started, times = time.monotonic(), list[float]()
        while (at := time.monotonic() - started) < seconds:
            writer.execute(write.statement.encode())
            times.append(at)
        reads = [timed(writer, write.read) for _ in range(5)]
    first, last = (sum(low <= at < low + EDGE_S for at in times) for low in (0, seconds - EDGE_S))
    return Speed(write.rows * first / EDGE_S, write.rows * last / EDGE_S, median(reads))


def timed(connection: psycopg.Connection[Any], read: str) -> float:
    """Return the milliseconds that reading a counter takes."""
    started = time.perf_counter()
    connection.execute(read.encode())
    return 1000 * (time.perf_counter() - started)


def wal(url: str) -> float:
    """Return the bytes of WAL of one reservation of a part, with its movement."""
    with connect(url) as connection:
        reserve(connection)  # the first change of a page after a checkpoint logs all of it
        before = position(connection)
        reserve(connection)
        return (position(connection) - before) / RESERVATIONS


def reserve(connection: psycopg.Connection[Any]) -> None:
    """Reserve parts, one after the other."""
    for number in range(RESERVATIONS):
        part = (number * 7 % PARTS + 1,)
        with connection.transaction():
            connection.execute(RESERVE, part)
            connection.execute(MOVEMENT, part)


def position(connection: psycopg.Connection[Any]) -> int:
    """Return how many bytes of WAL the server has written so far."""
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with databases(options.postgres) as urls:
        used = {name: wal(url) for name, url in urls.items()}
        print("| under an open snapshot | first 2 s | last 2 s | last ÷ first | a read then, ms |")
        print("|---|---:|---:|---:|---:|")
        for what, write in WRITES.items():
            name = what.rpartition(" ")[2]
            with folding(urls[name]) if name == "after" else nullcontext():
                found = speed(urls[name], write, options.seconds)
            cells = f"{found.first:.0f} | {found.last:.0f} | {found.last / found.first:.2f}"
            print(f"| {what} | {cells} | {found.read_ms:.1f} |")
    print("\n| WAL of a reservation, bytes | before | after | after ÷ before |")
    print("|---|---:|---:|---:|")
    ratio = used["after"] / used["before"]
    print(f"| part and movement | {used['before']:.0f} | {used['after']:.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
