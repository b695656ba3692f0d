"""What a login costs beyond its hash: CPU of this process and of PostgreSQL, without a server.

Run `python -m benchmarks.login [--postgres URL]`; the database there must be empty. It exits 1
when a login takes more than the budget beside the time that its hash takes anyway.
"""

# ruff: noqa: T201 - a program of its own, that prints

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg
from argon2 import PasswordHasher

from benchmarks.layers import asked, settings_for
from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import Actor
from mechanic_core.customers.customer import Registration
from mechanic_shop.settings.settings import Cache
from mechanic_shop.wiring.shop import open_shop

BUDGET_MS: Final = 2.0
TIMES: Final = 3
EMAILS: Final = [f"ada{n}@example.com" for n in range(20)]
"""So many log in, or all sessions would be one customer's."""
PASSWORD: Final = "correct horse battery"  # noqa: S105 - of a shop that is thrown away

_BACKENDS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mechanic-shop'
"""


@contextmanager
def hashes_apart() -> Iterator[list[float]]:
    """Note the CPU seconds of each hash that is verified meanwhile."""
    spent: list[float] = []
    verify = PasswordHasher.verify

    def timed(hasher: PasswordHasher, *given: Any) -> bool:
        began = time.thread_time()
        try:
            return verify(hasher, *given)
        finally:
            spent.append(time.thread_time() - began)

    setattr(PasswordHasher, "verify", timed)  # noqa: B010 - on purpose, from outside
    try:
        yield spent
    finally:
        setattr(PasswordHasher, "verify", verify)  # noqa: B010 - and back


def measured(url: str, databases: Callable[[], float]) -> tuple[float, float, float]:
    """Return milliseconds of a login: of the hash, of our own beside it, of the database."""
    settings = settings_for(url, Cache.NULL)
    with open_shop(settings=settings) as shop:
        for email in EMAILS:
            form = Registration(name="Ada", email=email, password=PASSWORD)
            shop.register_customer(Actor(), form)
    rows = []
    with hashes_apart() as spent, asked(settings, "") as request:
        logins = [
            request("POST", "/login", {"email": email, "password": PASSWORD}) for email in EMAILS
        ]
        logins[0]()
        for login in logins * TIMES:
            theirs, begun = databases(), time.process_time()
            login()
            ours = time.process_time() - begun
            rows.append((spent[-1], ours - spent[-1], databases() - theirs))
    hashed, beside, database = (1000 * median(column) for column in zip(*rows, strict=True))
    return hashed, beside, database


def told(name: str, figures: tuple[float, float, float]) -> bool:
    """Print one row; return whether the budget is kept."""
    hashed, beside, database = figures
    met = beside + database <= BUDGET_MS
    print(
        f"| {name} | {hashed:.1f} | {beside:.2f} | {database:.2f} | {beside + database:.2f} |"
        f" ≤ {BUDGET_MS:g} | {'yes' if met else 'NO'} |"
    )
    return met


def on_sqlite() -> tuple[float, float, float]:
    """Return the figures on a file, whose work is done in this process."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shop.db'}"
        runner.upgrade(url)
        return measured(url, lambda: 0.0)


def on_postgres(url: str) -> tuple[float, float, float]:
    """Return the figures on PostgreSQL, which must run on this machine."""
    runner.upgrade(url)
    with closing(psycopg.connect(url, autocommit=True)) as observer:

        def spent() -> float:
            """Return the CPU seconds of the processes that serve the application."""
            pids = [row[0] for row in observer.execute(_BACKENDS)]
            told = (Path(f"/proc/{pid}/schedstat").read_text() for pid in pids)
            return sum(int(line.split()[0]) for line in told) / 1e9

        return measured(url, spent)


def main() -> int:
    """Print the table; return 1 when the budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="the URL of an empty database")
    options = parser.parse_args()
    print("| login on | hash ms | beside it | database | beyond the hash | goal | met |")
    print("|---|---:|---:|---:|---:|---:|---|")
    met = [told("SQLite", on_sqlite())]
    if options.postgres:
        met.append(told("PostgreSQL", on_postgres(options.postgres)))
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
