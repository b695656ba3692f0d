"""The page about the workflow, drawn from its table: `docs/reference/workflow.md`.

After a change of the table: ``python -m mechanic_shop.workflow_diagram > docs/reference/workflow.md``.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mechanic_core.inventory.part import INVERSE_KINDS, STOCK_EFFECTS, Kind
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    UNWORKED_STATUSES,
    WORKFLOW,
    Guard,
    Status,
    StatusChange,
)

_HEAD: Final = """\
# The workflow of a service ticket

This page is drawn from the table in `mechanic_core/tickets/workflow.py`, and a test keeps it
fresh. The same table decides what `POST /service_tickets/{id}/transitions` does, what
`GET /service_tickets/{id}/transitions` shows, and which statuses the API knows.
"""
_MOVES: Final = """\
## Moves

Each part line of the ticket makes the movement named here, in the same transaction. A move that
is not in this table is refused with 409 `transition-blocked`.
"""
_STATUSES: Final = """\
## Statuses

Lines, mechanics and the rest of a ticket change only where it says so. A ticket counts on the
leaderboard for each mechanic assigned to it.
"""
_STOCK: Final = """\
## What a movement does to stock

One unit of each kind, as every entry of a part's ledger records it. `count` sets what is on
hand instead, and another `count` undoes it.
"""


def page() -> str:
    """Return the whole page."""
    pieces = (_HEAD, _diagram(), _MOVES, _moves(), _STATUSES, _statuses(), _STOCK, _stock())
    return "\n".join(pieces)


def _diagram() -> str:
    arrows = [f"    [*] --> {INITIAL_STATUS.value}"]
    arrows += [f"    {move.start.value} --> {move.to.value}{_label(move)}" for move in WORKFLOW]
    arrows += [f"    {status.value} --> [*]" for status in Status if not list(_ways(status))]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```", ""])


def _label(move: StatusChange) -> str:
    said = [*map(_words, move.guards), *([f"{move.stock.value} parts"] if move.stock else [])]
    return f": {', '.join(said)}" if said else ""


def _moves() -> str:
    return _table(
        ("from", "to", "guards", "each part line", "taken back by"),
        (
            (
                f"`{move.start.value}`",
                f"`{move.to.value}`",
                ", ".join(map(_words, move.guards)),
                f"`{move.stock.value}`" if move.stock else "",
                "".join(f"going back to `{way.to.value}`" for way in _back(move)),
            )
            for move in WORKFLOW
        ),
    )


def _statuses() -> str:
    return _table(
        ("status", "lines and mechanics change", "counts as worked", "final"),
        (
            (
                f"`{status.value}`",
                "yes" if status in EDITABLE_STATUSES else "no",
                "no" if status in UNWORKED_STATUSES else "yes",
                "no" if list(_ways(status)) else "yes",
            )
            for status in Status
        ),
    )


def _stock() -> str:
    return _table(
        ("kind", "on hand", "reserved", "undone by"),
        (
            (
                f"`{kind.value}`",
                f"{STOCK_EFFECTS[kind][0]:+d}",
                f"{STOCK_EFFECTS[kind][1]:+d}",
                f"`{INVERSE_KINDS[kind].value}`" if kind in INVERSE_KINDS else "",
            )
            for kind in Kind
            if kind in STOCK_EFFECTS
        ),
    )


def _ways(start: Status) -> Iterator[StatusChange]:
    return (move for move in WORKFLOW if move.start is start)


def _back(move: StatusChange) -> Iterator[StatusChange]:
    return (way for way in _ways(move.to) if way.to is move.start)


def _words(guard: Guard) -> str:
    name: str = getattr(guard, "__name__", "")
    return name.replace("_", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in lines), ""])


if __name__ == "__main__":
    sys.stdout.write(page())
