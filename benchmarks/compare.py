"""The shop beside its rivals in one run: what a request costs, as ratios.

Run `python -m benchmarks.compare --rivals FOLDER --home FOLDER`; the servers that the rivals'
own README describes must be up, and their data set loaded.
"""

# ruff: noqa: T201 - a program of its own, that prints

import argparse
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from benchmarks import asking, filling, product
from benchmarks.ratios import table
from benchmarks.rivals import Rivals, options_from, parser_of

READS: Final = ("inventory_get", "customers_first", "inventory_list", "leaderboard")
TICKETS: Final = ("my_tickets_5", "my_tickets_500")
WRITES: Final = ("ticket_edit", "inventory_post", "inventory_put")
RIVALS: Final = (
    *("floor-waitress-2", "floor-granian-2", "floor-cached", "flask-seed", "flask-seed-cache"),
    *("fastapi", "django-ninja", "fastify"),
)


def options_of(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = parser_of(__doc__)
    parser.add_argument("--fill", action="store_true", help="make the shop's database first")
    parser.add_argument("--dataset", default="small")
    parser.add_argument("--targets", type=_words, default=[*RIVALS, *_ours()])
    parser.add_argument("--scenarios", type=_words, default=[*READS, *TICKETS, *WRITES])
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write FILE.json and FILE.md")
    return options_from(parser, words)


def main() -> int:
    """Measure, print one table, and return 1 when an answer was wrong or missing."""
    options = options_of()
    rivals = Rivals.at(options.rivals, options.home)
    if options.fill:
        filling.fill(rivals, options.dataset)
    rows = measured(rivals, options)
    document = {"machine": rivals.report.machine(), **_said(options), "rows": rows}
    told = table(rows)
    print(told)
    if options.out:
        options.out.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
        options.out.with_suffix(".md").write_text(told)
    failed = [row for row in rows if row["failed"] or row["wrong"]]
    for row in failed:
        print(f"FAILED {row['target']} {row['scenario']}: {row['failed']} {row['wrong']}")
    return int(bool(failed))


def measured(rivals: Rivals, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return every measurement of one run of the rivals' bench, with the shop in it."""
    product.installed(rivals, asking.scenarios(rivals))
    targets, _ = rivals.bench.read_targets([rivals.folder / "targets.toml"])
    targets |= product.targets(rivals)
    asked = SimpleNamespace(**{**vars(options), "connections": [options.connections]})
    rows: list[dict[str, Any]] = rivals.bench.run_profile("peers", targets, asked)
    return rows


def _said(options: argparse.Namespace) -> dict[str, Any]:
    return {
        name: getattr(options, name) for name in ("dataset", "connections", "seconds", "rounds")
    }


def _ours() -> tuple[str, ...]:
    return tuple(name for name, *_ in product.TARGETS)


def _words(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    sys.exit(main())
