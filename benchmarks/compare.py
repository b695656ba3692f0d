"""Compare the shop with its peers in one run: the CPU cost of a request, as ratios.

Run `python -m benchmarks.compare --peers FOLDER --home FOLDER`. The database servers described in
the peers' README must be running, with the data set loaded. `--against CHECKOUT` also measures
another checkout of this repository in the same run.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from benchmarks import dataset, scenarios, targets
from benchmarks.peers import BEFORE, SHOP, Peers, options_from, parser_of
from benchmarks.ratios import table

READS: Final = ("inventory_get", "customers_first", "inventory_list", "leaderboard")
TICKETS: Final = ("my_tickets_5", "my_tickets_500")
WRITES: Final = ("ticket_edit", "inventory_post", "inventory_put")
PEERS: Final = (
    *("floor-waitress-2", "floor-granian-2", "floor-cached", "flask-seed", "flask-seed-cache"),
    *("fastapi", "django-ninja", "fastify"),
)
OURS: Final = tuple(name for name, *_ in targets.TARGETS)


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command-line options."""
    parser = parser_of(__doc__)
    parser.add_argument("--fill", action="store_true", help="load the shop's databases first")
    parser.add_argument("--dataset", default="small")
    parser.add_argument("--targets", type=_split, default=[*PEERS, *OURS])
    parser.add_argument("--scenarios", type=_split, default=[*READS, *TICKETS, *WRITES])
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write FILE.json and FILE.md")
    parser.add_argument(
        "--against",
        type=_checkout,
        metavar="CHECKOUT",
        help="measure another checkout too: a row before-NAME for each row shop-NAME",
    )
    return options_from(parser, arguments)


def main() -> int:
    """Measure, print the tables, and return 1 if a response was wrong or missing."""
    options = options_of()
    peers = Peers.at(options.peers, options.home)
    if options.fill:
        dataset.load(peers, options.dataset)
        if options.against:
            dataset.load(peers, options.dataset, options.against)
    rows = measure(peers, options)
    document = {"machine": peers.report.machine(), **_recorded(options), "rows": rows}
    tables = table(rows)
    print(tables)
    if options.out:
        options.out.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
        options.out.with_suffix(".md").write_text(tables)
    failed = [row for row in rows if row["failed"] or row["wrong"]]
    for row in failed:
        print(f"FAILED {row['target']} {row['scenario']}: {row['failed']} {row['wrong']}")
    return int(bool(failed))


def measure(peers: Peers, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return all measurements of one run of the peers' harness with the shop's targets."""
    databases = (SHOP, BEFORE) if options.against else (SHOP,)
    targets.install(peers, scenarios.scenarios(peers), databases)
    known, _ = peers.bench.read_targets([peers.folder / "targets.toml"])
    known |= targets.targets(peers, options.against)
    names = options.targets
    if options.against:
        names = [name for shop in names for name in _with_before(shop)]
    arguments = {**vars(options), "connections": [options.connections], "targets": names}
    rows: list[dict[str, Any]] = peers.bench.run_profile(
        "peers", known, SimpleNamespace(**arguments)
    )
    return rows


def _with_before(name: str) -> tuple[str, ...]:
    return (targets.before_of(name), name) if name in OURS else (name,)


def _recorded(options: argparse.Namespace) -> dict[str, Any]:
    names = ("dataset", "connections", "seconds", "rounds")
    return {name: getattr(options, name) for name in names}


def _split(text: str) -> list[str]:
    return text.split(",")


def _checkout(text: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / "src" / "mechanic_shop").is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a checkout of this repository")
    return folder


if __name__ == "__main__":
    sys.exit(main())
