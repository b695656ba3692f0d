"""The tables of `benchmarks.scale`, and the goals that are met."""

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any, Final, TypeAlias

from attrs import frozen

Row: TypeAlias = dict[str, Any]
Runs: TypeAlias = Mapping[str, Mapping[str, Row]]
"""The cost of each read, by data set."""

MOST_GROWTH: Final = 1.3
MOST_FOR_CURSOR: Final = 1.1
MOST_FOR_LEADERBOARD: Final = 2.0
MOST_OF_POSTGRES_MS: Final = 50.0
MOST_MEMORY_MIB: Final = 3.0
"""Tolerance: the memory of a process varies by this much between runs."""

FIRST: Final = "customers, cursor after 20 rows"
LAST: Final = "customers, cursor after all but 100"


@frozen
class Verdict:
    """One goal, and the measured value."""

    goal: str
    most: float
    measured: float
    where: str

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.measured <= self.most


def growth(runs: Runs, name: str, read: str) -> float:
    """Return the CPU cost of a read in the set *name* as a multiple of that in the small set."""
    small = next(iter(runs.values()))
    return ratio(runs[name][read], small[read])


def ratio(one: Row, other: Row) -> float:
    """Return the CPU cost of *one* as a multiple of that of *other*: the median of the batches."""
    pairs = zip(one["cpu_us"], other["cpu_us"], strict=True)
    value: float = median(cost / other_cost for cost, other_cost in pairs)
    return value


def verdicts(runs: Runs, memory: Mapping[str, float]) -> list[Verdict]:
    """Return the verdict on each goal, for the largest data set."""
    name = list(runs)[-1]
    flat = [read for read, row in runs[name].items() if row["flat"]]
    boards = [read for read in flat if read.startswith("leaderboard")]
    others = [read for read in flat if read not in boards]
    every = [row for of in runs.values() for row in of.values()]
    costliest = max(every, key=lambda row: row["postgres_us"])
    small, *_ = memory.values()
    return [
        _worst("CPU of a read, × the small set", MOST_GROWTH, runs, name, others),
        _worst(
            "CPU of the leaderboard, × the small set with as many mechanics",
            MOST_FOR_LEADERBOARD,
            runs,
            name,
            boards,
        ),
        Verdict(
            "CPU of a page after nearly all rows, × after the first 20",
            MOST_FOR_CURSOR,
            ratio(runs[name][LAST], runs[name][FIRST]),
            LAST,
        ),
        Verdict(
            "PostgreSQL's CPU for one request of any set, ms",
            MOST_OF_POSTGRES_MS,
            costliest["postgres_us"] / 1000,
            costliest["read"],
        ),
        Verdict(
            "memory, MiB more than on the small set", MOST_MEMORY_MIB, memory[name] - small, ""
        ),
    ]


def table(runs: Runs, memory: Mapping[str, float], goals: Iterable[Verdict]) -> str:
    """Return the Markdown tables."""
    return "\n".join((*_goals(goals), "", *_reads(runs, memory), ""))


def _worst(goal: str, most: float, runs: Runs, name: str, reads: Iterable[str]) -> Verdict:
    measured, where = max((growth(runs, name, read), read) for read in reads)
    return Verdict(goal, most, measured, where)


def _goals(goals: Iterable[Verdict]) -> Iterator[str]:
    yield "| goal | at most | measured | met | where |"
    yield "|---|---:|---:|---|---|"
    for one in goals:
        met = "yes" if one.met else "NO"
        yield f"| {one.goal} | {one.most:g} | {one.measured:.2f} | {met} | {one.where} |"


def _reads(runs: Runs, memory: Mapping[str, float]) -> Iterator[str]:
    """Yield the table of reads: CPU of the application and of PostgreSQL, elapsed time, growth."""
    small, *others = runs
    heads = [f"{name}: CPU µs (ours + PostgreSQL), wall µs" for name in runs]
    growths = [f"{name} ÷ {small}" for name in others]
    yield f"| read | {' | '.join(heads + growths)} |"
    yield "|---|" + "---:|" * len(heads + growths)
    for read in runs[small]:
        cells = [_cell(runs[name][read]) for name in runs]
        cells += [f"{growth(runs, name, read):.2f}" for name in others]
        yield f"| {read} | {' | '.join(cells)} |"
    memory_cells = [f"{mib:.0f} MiB" for mib in memory.values()]
    yield f"| memory of the process | {' | '.join(memory_cells + [''] * len(others))} |"


def _cell(row: Row) -> str:
    ours, postgres, wall = row["ours_us"], row["postgres_us"], row["wall_us"]
    return f"{ours + postgres:.0f} ({ours:.0f} + {postgres:.0f}), {wall:.0f}"
