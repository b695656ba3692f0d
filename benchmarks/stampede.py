"""A cache stampede: how often simultaneous misses run the SQL statement (once per process).

Run `python -m benchmarks.stampede --peers FOLDER --home FOLDER [--dataset large]`, with the shop's
database loaded. It serves the shop with two processes, lets sixteen clients request one leaderboard
that is not cached, and counts the statements in PostgreSQL.
"""

# ruff: noqa: T201 - a command-line program prints

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from statistics import median
from threading import Barrier
from typing import Any, Final

import psycopg

from benchmarks.peers import Peers, options_from, parser_of
from benchmarks.targets import SETTINGS

CLIENTS: Final = 16
PROCESSES: Final = 2
ROUNDS: Final = 5
PORT: Final = 18309

_RUNS: Final = """
SELECT coalesce(sum(calls), 0)::bigint, coalesce(sum(total_exec_time), 0)
FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
WHERE datname = %s AND query LIKE '%%mechanic_tallies%%'
"""


@contextmanager
def served(url: str, cache: str) -> Iterator[None]:
    """Serve the shop with the *cache* of that type."""
    secret = {"SECRET_KEY": "0123456789abcdef0123456789abcdef-benchmark"}
    command = f"-m mechanic_shop serve --workers {PROCESSES} --threads {CLIENTS} --port {PORT}"
    environment = {**os.environ, **SETTINGS, **secret, "DATABASE_URL": url, "CACHE_TYPE": cache}
    with subprocess.Popen(
        [sys.executable, *command.split()],
        env=environment | {"CACHE_TTL_S": "300"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(process)
            yield
        finally:
            process.terminate()


def _wait_for(process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            request("/healthz", Barrier(1))
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the shop did not start")


def request(path: str, barrier: Barrier) -> float:
    """Send a request when all clients are ready; return the milliseconds until the response."""
    with closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)) as connection:
        connection.connect()
        barrier.wait()
        started = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    if response.status != http.client.OK:
        raise SystemExit(f"{path} was answered {response.status}")
    return 1000 * (time.perf_counter() - started)


def stampede(observer: "psycopg.Connection[Any]", name: str, day: int) -> tuple[int, float, float]:
    """Send all requests at once; return statements, their milliseconds, and the longest wait."""
    path = f"/mechanics/leaderboard?limit=100&from=2020-02-{day:02}&to=2025-05-20"
    runs, spent = _statistics(observer, name)
    barrier = Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as clients:
        waits = list(clients.map(lambda _: request(path, barrier), range(CLIENTS)))
    more, later = _statistics(observer, name)
    return more - runs, later - spent, max(waits)


def _statistics(observer: "psycopg.Connection[Any]", name: str) -> tuple[int, float]:
    row = observer.execute(_RUNS, (name,)).fetchone()
    return (int(row[0]), float(row[1])) if row else (0, 0.0)


def main() -> int:
    """Print the table; return 1 if the statement ran more than once per process."""
    parser = parser_of(__doc__)
    parser.add_argument("--dataset", default="large")
    options = options_from(parser)
    peers = Peers.at(options.peers, options.home)
    url = peers.shop_url(options.dataset)
    name, most = url.rpartition("/")[2], {}
    where = peers.services.url(options.dataset, peers.services.pg_user())
    print("| cache | statements per stampede, at most | PostgreSQL ms | longest wait ms |")
    print("|---|---:|---:|---:|")
    for cache in ("memory", "null"):
        with psycopg.connect(where, autocommit=True) as observer, served(url, cache):
            rounds = [stampede(observer, name, day) for day in range(1, ROUNDS + 1)]
        counts, spent, waits = zip(*rounds, strict=True)
        most[cache] = max(counts)
        print(f"| {cache} | {most[cache]} | {median(spent):.0f} | {median(waits):.0f} |")
    return int(most["memory"] > PROCESSES)


if __name__ == "__main__":
    sys.exit(main())
