"""The reference page of the workflow, generated from its table.

After a change of the table run ``python -m mechanic_shop.workflow_diagram > docs/reference/workflow.md``.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill
from typing import Final

from mechanic_core.inventory.part import INVERSE_KINDS, STOCK_EFFECTS, Kind
from mechanic_core.tickets.guards import BlockerCode, Guard
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    UNWORKED_STATUSES,
    WORKFLOW,
    Status,
    StatusChange,
)

_HEAD: Final = """\
# The workflow of a service ticket

This page is generated from the table in `mechanic_core/tickets/workflow.py`; a test compares
them. The same table decides what `POST /service_tickets/{id}/transitions` does, what
`GET /service_tickets/{id}/transitions` shows, and which statuses the API knows.
"""
_TRANSITIONS: Final = """\
## Transitions

A transition makes the stock movement named here for each part line, in the same transaction. Any
other transition is refused with 409 `transition-blocked`.
"""
_GUARDS: Final = """\
## Guards

A guard blocks a transition in the case named here. Those of authorization and invoices depend on the
shop's profile.
"""
_CODES: Final = "The `code` of a blocker is one of"
_STATUSES: Final = """\
## Statuses

Lines, mechanics and other data of a ticket can be changed only where the table says so. A ticket
counts on the leaderboard for each mechanic assigned to it.
"""
_STOCK: Final = """\
## Effects of stock movements

The effect of one unit of each kind, as the stock ledger records it. `count` sets the quantity on
hand instead, and is undone by another `count`.
"""


def page() -> str:
    """Return the whole page."""
    sections = (
        _HEAD,
        _diagram(),
        _TRANSITIONS,
        _transition_table(),
        _GUARDS,
        _guard_table(),
        _codes(),
        _STATUSES,
        _status_table(),
        _STOCK,
        _stock_table(),
    )
    return "\n".join(sections)


def _diagram() -> str:
    arrows = [f"    [*] --> {INITIAL_STATUS.value}"]
    arrows += [f"    {move.start.value} --> {move.to.value}{_label(move)}" for move in WORKFLOW]
    arrows += [
        f"    {status.value} --> [*]" for status in Status if not list(_transitions_from(status))
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```", ""])


def _label(move: StatusChange) -> str:
    notes = [*map(_guard_name, move.guards), *([f"{move.stock.value} parts"] if move.stock else [])]
    return f": {', '.join(notes)}" if notes else ""


def _transition_table() -> str:
    return _table(
        ("from", "to", "guards", "each part line", "reversed by"),
        (
            (
                f"`{move.start.value}`",
                f"`{move.to.value}`",
                ", ".join(map(_guard_name, move.guards)),
                f"`{move.stock.value}`" if move.stock else "",
                "".join(f"going back to `{reverse.to.value}`" for reverse in _reversals(move)),
            )
            for move in WORKFLOW
        ),
    )


def _guard_table() -> str:
    guards = dict.fromkeys(guard for move in WORKFLOW for guard in move.guards)
    return _table(("guard", "blocks"), ((_guard_name(one), _blocked_case(one)) for one in guards))


def _blocked_case(guard: Guard) -> str:
    """Return the case in which *guard* blocks, from its docstring."""
    line = (guard.__doc__ or "").partition("\n")[0]
    return line.removeprefix("Return a blocker ").removesuffix(".")


def _codes() -> str:
    codes = ", ".join(f"`{code.value}`" for code in BlockerCode)
    return fill(f"{_CODES} {codes}.", 100, break_on_hyphens=False) + "\n"


def _status_table() -> str:
    return _table(
        ("status", "lines and mechanics change", "counts as worked", "final"),
        (
            (
                f"`{status.value}`",
                "yes" if status in EDITABLE_STATUSES else "no",
                "no" if status in UNWORKED_STATUSES else "yes",
                "no" if list(_transitions_from(status)) else "yes",
            )
            for status in Status
        ),
    )


def _stock_table() -> str:
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


def _transitions_from(start: Status) -> Iterator[StatusChange]:
    return (move for move in WORKFLOW if move.start is start)


def _reversals(move: StatusChange) -> Iterator[StatusChange]:
    return (reverse for reverse in _transitions_from(move.to) if reverse.to is move.start)


def _guard_name(guard: Guard) -> str:
    name: str = getattr(guard, "__name__", "")
    return name.replace("_", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in lines), ""])


if __name__ == "__main__":
    sys.stdout.write(page())
