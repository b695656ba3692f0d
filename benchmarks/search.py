"""The cost of a search as the number of customers grows, on both databases.

Run `python -m benchmarks.search [--customers 1000000] [--postgres URL]` with the URL of an empty
database whose server runs on this machine, under Linux. Without it only SQLite is measured. Filling
takes minutes. The cost is CPU time of the store and of PostgreSQL: elapsed time would contain what
other programs do.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import orjson
import psycopg
from attrs import frozen

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.paging import PageRequest
from mechanic_core.search import phone_codes, words_of

FEW: Final = 1_000
WITH_A_SURNAME: Final = 10
ROUNDS: Final = 30
REPEATS: Final = 5
BATCH: Final = 1_000
MOST_GROWTH: Final = 1.3
PAGE: Final = PageRequest()
WITH_TOTAL: Final = PageRequest(with_total=True)

COLUMNS: Final = (
    *("id", "name", "email", "phone", "created_at", "updated_at", "version"),
    *("name_key", "email_key", "name_words", "contact_words"),
)
MOMENT: Final = "2026-01-01 00:00:00.000000+00:00"


@frozen
class Shape:
    """A kind of search; a *flat* one finds at most 20 customers, and its growth has a goal."""

    name: str
    q: str
    flat: bool = True
    page: PageRequest = PAGE


SHAPES: Final = (
    Shape("a surname", "{surname}"),
    Shape("a surname, with total", "{surname}", page=WITH_TOTAL),
    Shape("a surname and a frequent first name", "{first} {surname}"),
    Shape("a phone number", "{phone}"),
    Shape("the first part of an e-mail", "{surname}@exa"),
    Shape("no customer", "{surname}x"),
    Shape("a frequent first name", "{first}", flat=False),
    Shape("all customers", "example", flat=False),
    Shape("all customers, with total", "example", flat=False, page=WITH_TOTAL),
)


def word(number: int) -> str:
    """Return a word that differs from that of every other number, spread over the alphabet."""
    letters = ""
    for _ in range(5):
        number, place = divmod(number, 26)
        letters += chr(ord("a") + place)
    return letters


def details(number: int) -> dict[str, str]:
    """Return the words of a customer, ten of whom share a surname."""
    return {
        "first": f"first{word(number % 50)[:2]}",
        "surname": word(number // WITH_A_SURNAME),
        "phone": f"{number * 7_919 % 10_000_000:07}",
    }


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of *count* customers."""
    for number in range(1, count + 1):
        parts = details(number)
        name = f"{parts['first']} {parts['surname']}".title()
        email, phone = f"{parts['surname']}{number}@example.com", f"+1 {parts['phone']}"
        words = (words_of(name), words_of(email) | phone_codes(phone))
        texts = (orjson.dumps(sorted(one)).decode() for one in words)
        yield number, name, email, phone, MOMENT, MOMENT, 1, name.lower(), email, *texts


def fill_sqlite(url: str, count: int) -> None:
    """Create a shop with *count* customers."""
    runner.upgrade(url)
    marks = ", ".join("?" * len(COLUMNS))
    statement = f"INSERT INTO customers ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608 - our own names
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executemany(statement, rows(count))
        connection.commit()


def fill_postgres(url: str, count: int) -> None:
    """Make a shop have *count* customers."""
    runner.upgrade(url)
    statement = f"COPY customers ({', '.join(COLUMNS)}) FROM STDIN"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM customers")
        remaining = rows(count)
        while batch := list(islice(remaining, BATCH)):
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in batch:
                    copy.write_row(row)
        connection.execute("VACUUM ANALYZE")


def costs(url: str, count: int) -> dict[str, float]:
    """Return the microseconds of CPU of each kind of search."""
    store = SqlStore.open(url)
    spent: dict[str, list[float]] = {shape.name: [] for shape in SHAPES}
    with store.read_only() as work:
        work.customers.find("nobody", PAGE)
        backends = list(backends_of(url))
        for shape in SHAPES:  # one after the other: searches that read much empty the CPU's caches
            for number in range(ROUNDS + 2):
                q = shape.q.format(**details(count // 2 + number * WITH_A_SURNAME))
                before = cpu_time(backends)
                for _ in range(REPEATS):
                    work.customers.find(q, shape.page)
                spent[shape.name].append((cpu_time(backends) - before) / (REPEATS * 1_000))
    store.close()
    return {name: median(each[2:]) for name, each in spent.items()}


def backends_of(url: str) -> Iterator[int]:
    """Yield the processes of PostgreSQL that have connections to the database at *url*."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            yield from (
                pid for (pid,) in connection.execute(query) if pid != connection.info.backend_pid
            )


def cpu_time(backends: list[int]) -> int:
    """Return the nanoseconds of CPU of this process and of PostgreSQL."""
    theirs = (Path(f"/proc/{pid}/schedstat").read_text().split()[0] for pid in backends)
    return time.process_time_ns() + sum(map(int, theirs))


def report(name: str, few: dict[str, float], many: dict[str, float]) -> bool:
    """Print the costs on one database, and return whether the goal is met."""
    print(f"| {name}: search for | few, µs | many, µs | many ÷ few |\n|---|---:|---:|---:|")
    met = True
    for shape in SHAPES:
        growth = many[shape.name] / few[shape.name]
        met &= not shape.flat or growth <= MOST_GROWTH
        cells = f"{few[shape.name]:.0f} | {many[shape.name]:.0f} | {growth:.2f}"
        print(f"| {shape.name if shape.flat else f'*{shape.name}*'} | {cells} |")
    return met


def main() -> None:
    """Measure, print the tables, and exit with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--postgres")
    arguments = parser.parse_args()
    sizes, met = (FEW, arguments.customers), True
    with tempfile.TemporaryDirectory() as folder:
        measured = []
        for size in sizes:
            url = f"sqlite:///{folder}/{size}.db"
            started = time.perf_counter()
            fill_sqlite(url, size)
            print(f"SQLite, {size} customers: filled in {time.perf_counter() - started:.0f} s")
            measured.append(costs(url, size))
        met &= report("SQLite", *measured)
    if arguments.postgres:
        measured = []
        for size in sizes:
            started = time.perf_counter()
            fill_postgres(arguments.postgres, size)
            print(f"PostgreSQL, {size} customers: filled in {time.perf_counter() - started:.0f} s")
            measured.append(costs(arguments.postgres, size))
        met &= report("PostgreSQL", *measured)
    raise SystemExit(not met)


if __name__ == "__main__":
    main()
