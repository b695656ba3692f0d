"""CPU cost of a login without its hash: this process and PostgreSQL, without a server.

Run `python -m benchmarks.login [--postgres URL]`; that database must be empty. It exits 1
if a login costs more than the budget in addition to its hash.
"""

# ruff: noqa: T201 - a command-line program prints

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

from benchmarks.layers import client, settings_for
from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import Actor
from mechanic_core.customers.customer import Registration
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.wiring.shop import open_shop

BUDGET_MS: Final = 2.0
TIMES: Final = 3
EMAILS: Final = [f"ada{n}@example.com" for n in range(20)]
"""Several accounts, so that the sessions do not all belong to one customer."""
PASSWORD: Final = "correct horse battery"  # noqa: S105 - of a temporary shop

_BACKENDS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mechanic-shop'
"""


@contextmanager
def measured_hashes() -> Iterator[list[float]]:
    """Yield a list that receives the CPU seconds of each verified hash."""
    spent: list[float] = []
    verify = PasswordHasher.verify

    def timed(hasher: PasswordHasher, *arguments: Any) -> bool:
        started = time.thread_time()
        try:
            return verify(hasher, *arguments)
        finally:
            spent.append(time.thread_time() - started)

    setattr(PasswordHasher, "verify", timed)  # noqa: B010 - a deliberate patch
    try:
        yield spent
    finally:
        setattr(PasswordHasher, "verify", verify)  # noqa: B010 - undo the patch


def measure(url: str, databases: Callable[[], float]) -> tuple[float, float, float]:
    """Return the milliseconds of a login: hash, application, database."""
    settings = settings_for(url, CacheType.NULL)
    with open_shop(settings=settings) as shop:
        for email in EMAILS:
            form = Registration(name="Ada", email=email, password=PASSWORD)
            shop.register_customer(Actor(), form)
    rows = []
    with measured_hashes() as spent, client(settings, "") as request:
        logins = [
            request("POST", "/login", {"email": email, "password": PASSWORD}) for email in EMAILS
        ]
        logins[0]()
        for login in logins * TIMES:
            database_before, started = databases(), time.process_time()
            login()
            ours = time.process_time() - started
            rows.append((spent[-1], ours - spent[-1], databases() - database_before))
    hashed, application, database = (1000 * median(column) for column in zip(*rows, strict=True))
    return hashed, application, database


def report(name: str, figures: tuple[float, float, float]) -> bool:
    """Print one row; return whether it is within the budget."""
    hashed, application, database = figures
    met = application + database <= BUDGET_MS
    print(
        f"| {name} | {hashed:.1f} | {application:.2f} | {database:.2f} | {application + database:.2f} |"
        f" ≤ {BUDGET_MS:g} | {'yes' if met else 'NO'} |"
    )
    return met


def on_sqlite() -> tuple[float, float, float]:
    """Return the figures on a SQLite file; its work is done in this process."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shop.db'}"
        runner.upgrade(url)
        return measure(url, lambda: 0.0)


def on_postgres(url: str) -> tuple[float, float, float]:
    """Return the figures on PostgreSQL, which must run on this machine."""
    runner.upgrade(url)
    with closing(psycopg.connect(url, autocommit=True)) as observer:

        def spent() -> float:
            """Return the CPU seconds of the PostgreSQL processes that serve the application."""
            pids = [row[0] for row in observer.execute(_BACKENDS)]
            statistics = (Path(f"/proc/{pid}/schedstat").read_text() for pid in pids)
            return sum(int(line.split()[0]) for line in statistics) / 1e9

        return measure(url, spent)


def main() -> int:
    """Print the table; return 1 when the budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="the URL of an empty database")
    options = parser.parse_args()
    print("| login on | hash ms | application | database | total without the hash | goal | met |")
    print("|---|---:|---:|---:|---:|---:|---|")
    met = [report("SQLite", on_sqlite())]
    if options.postgres:
        met.append(report("PostgreSQL", on_postgres(options.postgres)))
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
