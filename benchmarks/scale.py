"""What each read costs while the shop grows: our CPU, PostgreSQL's and the clock, in process.

Run `python -m benchmarks.scale --rivals FOLDER --home FOLDER`; the servers that the rivals' own
README describes must be up. `--fill` makes the databases first: about ten minutes and ten
gigabytes. PostgreSQL's CPU is read from /proc, so it must run here, and here must be Linux.
"""

# ruff: noqa: T201 - a program of its own, that prints

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

from benchmarks import filling
from benchmarks.layers import SECRET, called, settings_for, unheard
from benchmarks.rivals import Rivals, options_from, parser_of
from benchmarks.scale_reads import Read, Reads, Size
from benchmarks.scale_tables import Row, Runs, table, verdicts
from mechanic_adapters.clock import utc_now
from mechanic_core.access import Actor
from mechanic_http.endpoint.cursors import Cursors
from mechanic_shop.settings.settings import Cache
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.signing import tokens_of

Spent: TypeAlias = tuple[float, float, float]
"""Microseconds of one request: of our CPU, of PostgreSQL's, and by the clock."""

Tried: TypeAlias = tuple[float, dict[str, Any]]
"""Seconds of one request, the first ones included, and the document that answered it."""

SIZES: Final[dict[str, Size]] = {
    "few": {"customers": 1_000, "mechanics": 2_000, "tickets": 5_000, "parts": 1_000},
    "middle": {"customers": 100_000, "mechanics": 2_000, "tickets": 500_000, "parts": 10_000},
}
"""Beside the rivals' own large set; all have as many mechanics, or leaderboards would differ."""

SETS: Final = (*SIZES, "large")

ALONE: Final = "?options=-c%20max_parallel_workers_per_gather%3D0"
"""One process of PostgreSQL for each request, so that all of its work is seen."""

BATCH_S: Final = 0.05
TOGETHER: Final = 5
"""How many reads take turns, so that they too can be held against each other."""

MOST_IN_A_BATCH: Final = 40

_BACKENDS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mechanic-shop'
"""


@frozen
class Bench:
    """An application on one database, asked in process, and the processes that work for it."""

    application: WSGIApplication
    observer: "psycopg.Connection[Any]"
    token_of: dict[Actor, str]

    def tried(self, read: Read) -> Tried:
        """Ask in every way, twice, so that all is ready; return the seconds and an answer."""
        began = time.perf_counter()
        answers = [self._answer(*one) for one in read.asked * 2]
        return (time.perf_counter() - began) / len(answers), json.loads(answers[-1])

    def batch(self, read: Read, number: int, size: int) -> Spent:
        """Return what each of *size* requests cost, which differ from batch to batch."""
        count = len(read.asked)
        given = [read.asked[(number * size + place) % count] for place in range(size)]
        backends = [row[0] for row in self.observer.execute(_BACKENDS)]
        before = _clocks(backends)
        for one in given:
            self._answer(*one)
        ours, postgres, wall = (
            (after - start) / size / 1000
            for start, after in zip(before, _clocks(backends), strict=True)
        )
        return ours, postgres, wall

    def _answer(self, path: str, actor: Actor) -> bytes:
        return called(self.application, "GET", path, self.token_of[actor], None)


def _clocks(backends: list[int]) -> tuple[int, int, int]:
    """Return nanoseconds: that we have run, that *backends* have, and of the clock."""
    told = (Path(f"/proc/{pid}/schedstat").read_text() for pid in backends)
    theirs = sum(int(line.split()[0]) for line in told)
    return time.process_time_ns(), theirs, time.perf_counter_ns()


def serve(ear: Connection, url: str, size: Size) -> None:
    """Measure what is asked for until nothing is: (read,), (read, batch, size) or None."""
    settings = settings_for(url + ALONE, Cache.NULL)
    tokens = tokens_of(settings, SECRET, utc_now)
    reads = reads_of(size)
    actors = {actor for read in reads for _, actor in read.asked}
    with (
        psycopg.connect(url, autocommit=True) as observer,
        unheard(settings) as log,
        open_application(settings, access_log=log) as application,
    ):
        token_of = {actor: tokens.issue(actor, utc_now()) for actor in actors}
        bench = Bench(application, observer, token_of)
        while asked := ear.recv():
            place, *given = asked
            ear.send(bench.batch(reads[place], *given) if given else bench.tried(reads[place]))
        ear.send(psutil.Process().memory_info().rss / 2**20)


def reads_of(size: Size) -> list[Read]:
    """Return what is asked of a shop of one size."""
    return list(Reads(size, Cursors(SECRET.encode())).all())


@contextmanager
def started(rivals: Rivals, name: str) -> Iterator[Connection]:
    """Give the line to a process that measures one data set."""
    away = multiprocessing.get_context("spawn")
    line, ear = away.Pipe()
    given = (ear, rivals.shop_url(name), rivals.services.SIZES[name])
    process = away.Process(target=serve, args=given, daemon=True)
    process.start()
    ear.close()
    try:
        yield line
    finally:
        process.terminate()
        process.join()


def measured(rivals: Rivals, options: argparse.Namespace) -> tuple[Runs, dict[str, float]]:
    """Return what each read costs in each set, and the MiB that each process has in the end.

    All take turns at every batch: what else runs on the machine costs them alike.
    """
    reads = list(enumerate(reads_of(next(iter(SIZES.values())))))
    runs: dict[str, dict[str, Row]] = {name: {} for name in options.sets}
    with ExitStack() as stack:
        lines = {name: stack.enter_context(started(rivals, name)) for name in options.sets}
        for start in range(0, len(reads), TOGETHER):
            turns = [
                Turn(place, read, name, line)
                for place, read in reads[start : start + TOGETHER]
                for name, line in lines.items()
            ]
            for number in range(options.batches):
                for turn in turns:
                    turn.run(number)
            for turn in turns:
                runs[turn.name][turn.read.name] = turn.row
        memory: dict[str, float] = {name: _asked(line, None) for name, line in lines.items()}
    return runs, memory


class Turn:
    """One read in one data set: what its batches have cost so far."""

    def __init__(self, place: int, read: Read, name: str, line: Connection) -> None:
        """Ask once to make all ready, and to learn how many fit into a batch."""
        self.name, self.read = name, read
        self._place, self._line = place, line
        took, self._answer = _asked(line, (place,))
        self._size = max(1, min(MOST_IN_A_BATCH, int(BATCH_S / took)))
        self._spent: list[Spent] = []

    def run(self, number: int) -> None:
        """Measure another batch."""
        self._spent.append(_asked(self._line, (self._place, number, self._size)))

    @property
    def row(self) -> Row:
        """What was found."""
        ours, postgres, wall = zip(*self._spent, strict=True)
        return {
            "read": self.read.name,
            "flat": self.read.flat,
            "ours_us": median(ours),
            "postgres_us": median(postgres),
            "wall_us": median(wall),
            "cpu_us": [one + other for one, other in zip(ours, postgres, strict=True)],
            "items": len(self._answer.get("items", ())),
            "total": self._answer.get("total"),
        }


def _asked(line: Connection, asked: object) -> Any:
    line.send(asked)
    return line.recv()


def options_of(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = parser_of(__doc__)
    parser.add_argument("--fill", action="store_true", help="make the databases first")
    parser.add_argument("--sets", type=lambda text: text.split(","), default=SETS)
    parser.add_argument("--batches", type=int, default=15)
    parser.add_argument("--out", type=Path, help="write FILE.json and FILE.md")
    return options_from(parser, words)


def main() -> int:
    """Measure, print the tables, and return 1 when a goal is missed."""
    options = options_of()
    rivals = Rivals.at(options.rivals, options.home)
    rivals.services.SIZES |= SIZES
    for name in options.sets if options.fill else ():
        rivals.services.load(name)
        filling.fill(rivals, name)
    runs, memory = measured(rivals, options)
    goals = verdicts(runs, memory)
    told = table(runs, memory, goals)
    print(told)
    if options.out:
        document = {"machine": rivals.report.machine(), "sets": runs, "memory_mib": memory}
        options.out.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
        options.out.with_suffix(".md").write_text(told)
    return int(not all(goal.met for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
