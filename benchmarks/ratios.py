"""One table of a run: medians over the rounds, ratios taken inside each round."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Any, Final, TypeAlias

Row: TypeAlias = dict[str, Any]
Runs: TypeAlias = dict[str, dict[str, list[Row]]]

FLOORS: Final = {
    "shop-waitress": "floor-waitress-2",
    "shop-granian": "floor-granian-2",
    "shop-cached": "floor-cached",
    "shop-cached-granian": "floor-cached",
}
"""Which floor each row of the shop stands on; the others stand on the first."""

SEEDS: Final = {"shop-cached": "flask-seed-cache", "shop-cached-granian": "flask-seed-cache"}
PORTIONS: Final = {"my_tickets_500": 5.0}
"""How many of the shop's answers bring as much as one of the others'."""


def by_scenario(rows: Iterable[Row]) -> Runs:
    """Return the measurements by scenario and target, in the order of the rounds."""
    runs: Runs = defaultdict(lambda: defaultdict(list))
    for row in rows:
        runs[row["scenario"]][row["target"]].append(row)
    return runs


def cpu(row: Row) -> float:
    """Return the CPU microseconds of one request, of the server, the database and Redis."""
    spent: float = row["server_us"] + row["postgres_us"] + row["redis_us"]
    return spent * portion(row)


def speed(row: Row) -> float:
    """Return how many requests were answered in a second."""
    answered: float = row["rps"]
    return answered / portion(row)


def portion(row: Row) -> float:
    """Return how many of these answers make one of the rivals'."""
    ours = row["group"] == "product"
    return PORTIONS.get(row["scenario"], 1.0) if ours else 1.0


def cpu_ratio(runs: dict[str, list[Row]], name: str, other: str) -> float | None:
    """Return the CPU of *name* as a multiple of that of *other*, the median of the rounds."""
    pairs = zip(runs.get(name, ()), runs.get(other, ()), strict=False)
    found = [cpu(one) / cpu(two) for one, two in pairs if cpu(two)]
    return median(found) if found else None


def speed_ratio(runs: dict[str, list[Row]], name: str, other: str) -> float | None:
    """Return the requests per second of *name* as a multiple of those of *other*."""
    pairs = zip(runs.get(name, ()), runs.get(other, ()), strict=False)
    found = [speed(one) / speed(two) for one, two in pairs if speed(two)]
    return median(found) if found else None


def table(rows: Iterable[Row]) -> str:
    """Return every scenario's table in Markdown."""
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
        ),
        *("req/s × seed", "req/s × fastapi", "p50 ms", "p99 ms", "statements (control)", "MiB"),
    )
    return f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)


def _line(runs: dict[str, list[Row]], name: str) -> str:
    rows = runs[name]

    def middle(key: str) -> float:
        return median(float(row[key]) for row in rows)

    floor, seed = FLOORS.get(name, "floor-waitress-2"), SEEDS.get(name, "flask-seed")
    server, database = middle("server_us"), middle("postgres_us") + middle("redis_us")
    cells = (
        *(name, f"{middle('rps'):.0f}", f"{server + database:.0f} ({server:.0f} + {database:.0f})"),
        *(_shown(cpu_ratio(runs, name, floor)), _shown(cpu_ratio(runs, name, "floor-waitress-2"))),
        *(_shown(speed_ratio(runs, name, seed)), _shown(speed_ratio(runs, name, "fastapi"))),
        *(f"{middle('p50_ms'):.2f}", f"{middle('p99_ms'):.2f}"),
        *(f"{rows[0]['statements']:g} ({rows[0]['control']:g})", f"{middle('memory_mib'):.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
