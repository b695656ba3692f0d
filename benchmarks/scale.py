"""The cost of each read as the shop grows: CPU of the application and of PostgreSQL, elapsed time.

Run `python -m benchmarks.scale --peers FOLDER --home FOLDER`. The database servers described in the
peers' README must be running. `--fill` loads the databases first: about ten minutes and ten
gigabytes. PostgreSQL's CPU time is read from /proc, so it must run on this machine, under Linux.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias
from wsgiref.types import WSGIApplication

import psutil
import psycopg
from attrs import frozen

from benchmarks import dataset
from benchmarks.layers import SECRET, call, discarded_log, settings_for
from benchmarks.peers import Peers, options_from, parser_of
from benchmarks.scale_reads import Read, Reads, Size
from benchmarks.scale_tables import Row, Runs, table, verdicts
from benchmarks.sessions import with_session
from mechanic_core.access import Actor
from mechanic_http.endpoint.pagination import CursorSigner
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.wiring.access_tokens import create_tokens
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.clock import utc_now

Spent: TypeAlias = tuple[float, float, float]
"""Microseconds of one request: CPU of the application, CPU of PostgreSQL, elapsed time."""

Trial: TypeAlias = tuple[float, dict[str, Any]]
"""Seconds of one request, including the first ones, and the document in the response."""

SIZES: Final[dict[str, Size]] = {
    "few": {"customers": 1_000, "mechanics": 2_000, "tickets": 5_000, "parts": 1_000},
    "middle": {"customers": 100_000, "mechanics": 2_000, "tickets": 500_000, "parts": 10_000},
}
"""In addition to the peers' large set; all have as many mechanics, or leaderboards would differ."""

SETS: Final = (*SIZES, "large")

NOT_PARALLEL: Final = "?options=-c%20max_parallel_workers_per_gather%3D0"
"""One PostgreSQL process for each request, so that all of its CPU time is counted."""

BATCH_S: Final = 0.05
TOGETHER: Final = 5
"""The number of reads whose batches alternate, so that their costs can be compared."""

MOST_IN_A_BATCH: Final = 40

_BACKENDS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mechanic-shop'
"""


@frozen
class Bench:
    """An application on one database, called in process, and a connection to observe PostgreSQL."""

    application: WSGIApplication
    observer: "psycopg.Connection[Any]"
    token_of: dict[Actor, str]

    def warm_up(self, read: Read) -> Trial:
        """Send every request twice to warm up; return the seconds per request and a document."""
        started = time.perf_counter()
        answers = [self._answer(*one) for one in read.requests * 2]
        return (time.perf_counter() - started) / len(answers), json.loads(answers[-1])

    def batch(self, read: Read, number: int, size: int) -> Spent:
        """Return the mean cost of *size* requests; the requests differ from batch to batch."""
        count = len(read.requests)
        requests = [read.requests[(number * size + place) % count] for place in range(size)]
        backends = [row[0] for row in self.observer.execute(_BACKENDS)]
        before = _clocks(backends)
        for one in requests:
            self._answer(*one)
        ours, postgres, wall = (
            (after - start) / size / 1000
            for start, after in zip(before, _clocks(backends), strict=True)
        )
        return ours, postgres, wall

    def _answer(self, path: str, actor: Actor) -> bytes:
        return call(self.application, "GET", path, self.token_of[actor], None)


def _clocks(backends: list[int]) -> tuple[int, int, int]:
    """Return nanoseconds: CPU of this process, CPU of the *backends*, elapsed time."""
    statistics = (Path(f"/proc/{pid}/schedstat").read_text() for pid in backends)
    theirs = sum(int(line.split()[0]) for line in statistics)
    return time.process_time_ns(), theirs, time.perf_counter_ns()


def serve(commands: Connection, url: str, size: Size) -> None:
    """Process commands until None: (read,) warms up, (read, batch, size) measures."""
    settings = settings_for(url + NOT_PARALLEL, CacheType.NULL)
    tokens = create_tokens(settings, SECRET, utc_now)
    reads = reads_of(size)
    actors = {actor for read in reads for _, actor in read.requests}
    with (
        psycopg.connect(url, autocommit=True) as observer,
        discarded_log(settings) as log,
        open_application(settings, access_log=log) as application,
    ):
        token_of = {
            actor: tokens.issue(with_session(url, actor), utc_now())
            for actor in actors
            if actor.role
        }
        bench = Bench(application, observer, token_of)
        while command := commands.recv():
            place, *arguments = command
            commands.send(
                bench.batch(reads[place], *arguments) if arguments else bench.warm_up(reads[place])
            )
        commands.send(psutil.Process().memory_info().rss / 2**20)


def reads_of(size: Size) -> list[Read]:
    """Return the reads for a shop of one size."""
    return list(Reads(size, CursorSigner(SECRET.encode())).all())


@contextmanager
def started(peers: Peers, name: str) -> Iterator[Connection]:
    """Start a process that measures one data set; yield the connection to it."""
    context = multiprocessing.get_context("spawn")
    connection, remote_end = context.Pipe()
    arguments = (remote_end, peers.shop_url(name), peers.services.SIZES[name])
    process = context.Process(target=serve, args=arguments, daemon=True)
    process.start()
    remote_end.close()
    try:
        yield connection
    finally:
        process.terminate()
        process.join()


def measure(peers: Peers, options: argparse.Namespace) -> tuple[Runs, dict[str, float]]:
    """Return the cost of each read in each set, and the MiB of each process at the end.

    The data sets alternate after every batch, so other load on the machine affects them alike.
    """
    reads = list(enumerate(reads_of(next(iter(SIZES.values())))))
    runs: dict[str, dict[str, Row]] = {name: {} for name in options.sets}
    with ExitStack() as stack:
        connections = {name: stack.enter_context(started(peers, name)) for name in options.sets}
        for start in range(0, len(reads), TOGETHER):
            series = [
                Series(place, read, name, connection)
                for place, read in reads[start : start + TOGETHER]
                for name, connection in connections.items()
            ]
            for number in range(options.batches):
                for one in series:
                    one.run(number)
            for one in series:
                runs[one.name][one.read.name] = one.row
        memory: dict[str, float] = {
            name: _command(connection, None) for name, connection in connections.items()
        }
    return runs, memory


class Series:
    """One read in one data set: the cost of its batches so far."""

    def __init__(self, place: int, read: Read, name: str, connection: Connection) -> None:
        """Warm up, and determine the number of requests per batch."""
        self.name, self.read = name, read
        self._place, self._connection = place, connection
        seconds, self._document = _command(connection, (place,))
        self._size = max(1, min(MOST_IN_A_BATCH, int(BATCH_S / seconds)))
        self._spent: list[Spent] = []

    def run(self, number: int) -> None:
        """Measure one more batch."""
        self._spent.append(_command(self._connection, (self._place, number, self._size)))

    @property
    def row(self) -> Row:
        """The results."""
        ours, postgres, wall = zip(*self._spent, strict=True)
        return {
            "read": self.read.name,
            "flat": self.read.flat,
            "ours_us": median(ours),
            "postgres_us": median(postgres),
            "wall_us": median(wall),
            "cpu_us": [one + other for one, other in zip(ours, postgres, strict=True)],
            "items": len(self._document.get("items", ())),
            "total": self._document.get("total"),
        }


def _command(connection: Connection, command: object) -> Any:
    connection.send(command)
    return connection.recv()


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command-line options."""
    parser = parser_of(__doc__)
    parser.add_argument("--fill", action="store_true", help="load the databases first")
    parser.add_argument("--sets", type=lambda text: text.split(","), default=SETS)
    parser.add_argument("--batches", type=int, default=15)
    parser.add_argument("--out", type=Path, help="write FILE.json and FILE.md")
    return options_from(parser, arguments)


def main() -> int:
    """Measure, print the tables, and return 1 if a goal is missed."""
    options = options_of()
    peers = Peers.at(options.peers, options.home)
    peers.services.SIZES |= SIZES
    for name in options.sets if options.fill else ():
        peers.services.load(name)
        dataset.load(peers, name)
    runs, memory = measure(peers, options)
    goals = verdicts(runs, memory)
    tables = table(runs, memory, goals)
    print(tables)
    if options.out:
        document = {"machine": peers.report.machine(), "sets": runs, "memory_mib": memory}
        options.out.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
        options.out.with_suffix(".md").write_text(tables)
    return int(not all(goal.met for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
