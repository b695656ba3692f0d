"""The tables of a run: medians over the rounds, ratios taken within each round."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Any, Final, TypeAlias

Row: TypeAlias = dict[str, Any]
Runs: TypeAlias = dict[str, dict[str, list[Row]]]
"""Measurements by scenario and target, in the order of the rounds."""

FLOORS: Final = {
    "waitress": "floor-waitress-2",
    "granian": "floor-granian-2",
    "cached": "floor-cached",
    "cached-granian": "floor-cached",
}
"""The floor of each row of the shop; the other rows have the first."""

SEEDS: Final = {"cached": "flask-seed-cache", "cached-granian": "flask-seed-cache"}
PORTIONS: Final = {"my_tickets_500": 5.0}
"""The number of responses of the shop that contain as much as one of a peer."""


def by_scenario(rows: Iterable[Row]) -> Runs:
    """Group the measurements."""
    runs: Runs = defaultdict(lambda: defaultdict(list))
    for row in rows:
        runs[row["scenario"]][row["target"]].append(row)
    return runs


def cpu(row: Row) -> float:
    """Return the CPU microseconds of one request: server, database and Redis."""
    spent: float = row["server_us"] + row["postgres_us"] + row["redis_us"]
    return spent * portion(row)


def speed(row: Row) -> float:
    """Return the number of responses per second."""
    answered: float = row["rps"]
    return answered / portion(row)


def portion(row: Row) -> float:
    """Return how many of these responses are equivalent to one response of a peer."""
    ours = row["group"] == "product"
    return PORTIONS.get(row["scenario"], 1.0) if ours else 1.0


def cpu_ratio(runs: dict[str, list[Row]], name: str, other: str) -> float | None:
    """Return the CPU of *name* as a multiple of that of *other*, the median of the rounds."""
    pairs = zip(runs.get(name, ()), runs.get(other, ()), strict=False)
    ratios = [cpu(one) / cpu(two) for one, two in pairs if cpu(two)]
    return median(ratios) if ratios else None


def speed_ratio(runs: dict[str, list[Row]], name: str, other: str) -> float | None:
    """Return the requests per second of *name* as a multiple of those of *other*."""
    pairs = zip(runs.get(name, ()), runs.get(other, ()), strict=False)
    ratios = [speed(one) / speed(two) for one, two in pairs if speed(two)]
    return median(ratios) if ratios else None


def table(rows: Iterable[Row]) -> str:
    """Return one Markdown table for each scenario."""
    out: list[str] = []
    for scenario, runs in by_scenario(rows).items():
        out += [f"### {scenario}", "", *_head(), *(_line(runs, name) for name in runs), ""]
    return "\n".join(out)


def _head() -> tuple[str, str]:
    names = (
        *(
            "target",
            "requests/s",
            "CPU µs (server + PostgreSQL)",
            "× its floor",
            "× floor-waitress-2",
            "× before",
        ),
        *("req/s × seed", "req/s × fastapi", "p50 ms", "p99 ms", "statements (control)", "MiB"),
    )
    return f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)


def _line(runs: dict[str, list[Row]], name: str) -> str:
    rows = runs[name]

    def middle(key: str) -> float:
        return median(float(row[key]) for row in rows)

    kind = name.removeprefix("shop-").removeprefix("before-")
    floor, seed = FLOORS.get(kind, "floor-waitress-2"), SEEDS.get(kind, "flask-seed")
    server, database = middle("server_us"), middle("postgres_us") + middle("redis_us")
    cells = (
        *(name, f"{middle('rps'):.0f}", f"{server + database:.0f} ({server:.0f} + {database:.0f})"),
        *(_shown(cpu_ratio(runs, name, floor)), _shown(cpu_ratio(runs, name, "floor-waitress-2"))),
        _shown(cpu_ratio(runs, name, f"before-{kind}") if name == f"shop-{kind}" else None),
        *(_shown(speed_ratio(runs, name, seed)), _shown(speed_ratio(runs, name, "fastapi"))),
        *(f"{middle('p50_ms'):.2f}", f"{middle('p99_ms'):.2f}"),
        *(f"{rows[0]['statements']:g} ({rows[0]['control']:g})", f"{middle('memory_mib'):.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
