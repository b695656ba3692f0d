"""The workflow table is that of the contract, and its effects are reversible."""

import ast
import re
from itertools import product
from pathlib import Path

import pytest
from attrs import evolve

import mechanic_core
from mechanic_core.inventory.part import INVERSE_KINDS, STOCK_EFFECTS, Kind
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.guards import (
    Blocker,
    BlockerCode,
    needs_a_mechanic,
    needs_an_active_mechanic,
)
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    STATUS_CHANGES,
    UNWORKED_STATUSES,
    WORKFLOW,
    Status,
    StatusChange,
    TransitionBlocked,
    no_such_transition,
)
from tests.strategies import NOON, sample

CONTRACT = """
open -> in_progress: needs an active mechanic
open -> on_hold
in_progress -> on_hold
on_hold -> in_progress: needs an active mechanic
in_progress -> completed: needs a mechanic: consume
completed -> in_progress: restore
completed -> closed
open -> cancelled: release
in_progress -> cancelled: release
on_hold -> cancelled: release
"""
"""Section 6 of the contract, in its own words."""

LITERALS = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant, ast.ClassDef)
DEEDS = (ast.FunctionDef, ast.ClassDef)
BOB = sample(AssignedMechanic, name="Bob")
GONE = sample(AssignedMechanic, id=4, name="Di", active=False)
PAIRS = [pytest.param(a, b, id=f"{a.value}-{b.value}") for a, b in product(Status, Status)]


def test_the_table_is_the_contract() -> None:
    """
    Status changes, guards and effects on stock are those of the contract.
    """
    actual = [
        f"{move.start.value} -> {move.to.value}"
        + (": needs a mechanic" if needs_a_mechanic in move.guards else "")
        + (": needs an active mechanic" if needs_an_active_mechanic in move.guards else "")
        + (f": {move.stock.value}" if move.stock else "")
        for move in WORKFLOW
    ]

    assert CONTRACT.split("\n")[1:-1] == actual


def test_each_change_is_listed_once() -> None:
    """
    Two statuses identify one change.
    """
    assert len(WORKFLOW) == len(STATUS_CHANGES)


def test_every_status_can_be_reached() -> None:
    """
    Every status can be reached from the first one.
    """
    reached = {INITIAL_STATUS} | {move.to for move in WORKFLOW}

    assert set(Status) == reached
    assert Status.OPEN is INITIAL_STATUS


def test_which_statuses_are_editable_and_counted() -> None:
    """
    Lines change before completion only, and only cancelled tickets do not count.
    """
    assert {Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD} == EDITABLE_STATUSES
    assert {Status.CANCELLED} == UNWORKED_STATUSES


def test_a_change_and_its_reverse_restore_stock() -> None:
    """
    Where a change has a reverse, their effects on stock cancel out.
    """
    for move in WORKFLOW:
        back = STATUS_CHANGES.get((move.to, move.start))
        if back:
            there = STOCK_EFFECTS[move.stock] if move.stock else (0, 0)
            return_ = STOCK_EFFECTS[back.stock] if back.stock else (0, 0)
            assert (0, 0) == (there[0] + return_[0], there[1] + return_[1])
            assert (INVERSE_KINDS[move.stock] if move.stock else None) is back.stock


@pytest.mark.parametrize("start", Status)
def test_reservations_are_given_up_once(start: Status) -> None:
    """
    On every path to a final status, a reservation is consumed or released once.
    """
    holds = {Kind.CONSUME: 0, Kind.RELEASE: 0, Kind.RESTORE: 1, None: None}
    for move in WORKFLOW:
        if move.start is start and move.stock:
            assert (start in EDITABLE_STATUSES) == (move.stock is not Kind.RESTORE)
            assert (move.to in EDITABLE_STATUSES) == bool(holds[move.stock])


@pytest.mark.parametrize(("start", "to"), PAIRS)
def test_a_ticket_follows_the_table(start: Status, to: Status) -> None:
    """
    A ticket with a mechanic makes every change of the table and no other; its lines stay.
    """
    ticket = sample(Ticket, status=start, mechanics=(BOB,))

    if (start, to) in STATUS_CHANGES:
        after, move = ticket.transition_to(to, NOON)
        assert (to, NOON) == (after.status, after.updated_at)
        assert STATUS_CHANGES[start, to] is move
        assert () == ticket.blockers(to)
    else:
        with pytest.raises(TransitionBlocked) as refused:
            ticket.transition_to(to, NOON)
        assert (no_such_transition(start, to),) == ticket.blockers(to)
        assert start.value == refused.value.facts["current_state"]


@pytest.mark.parametrize("move", WORKFLOW, ids=lambda move: f"{move.start}-{move.to}")
def test_guards_block_with_a_reason(move: StatusChange) -> None:
    """
    F3, F13: work starts and goes on with a mechanic who has not left, and is completed by one.
    """
    ticket = sample(Ticket, status=move.start)
    blockers = ticket.blockers(move.to)

    if {needs_a_mechanic, needs_an_active_mechanic}.intersection(move.guards):
        with pytest.raises(TransitionBlocked, match="assign a mechanic first") as refused:
            ticket.transition_to(move.to, NOON)
        assert (
            Blocker(code=BlockerCode.NO_MECHANIC, detail="assign a mechanic first"),
        ) == blockers
        assert [{"code": "no-mechanic", "detail": "assign a mechanic first"}] == (
            refused.value.facts["blockers"]
        )
    else:
        assert () == blockers
    left = [one.code for one in evolve(ticket, mechanics=(GONE,)).blockers(move.to)]
    only_if_active = needs_an_active_mechanic in move.guards
    assert (["no-active-mechanic"] if only_if_active else []) == left
    assert () == evolve(ticket, mechanics=(GONE, BOB)).blockers(move.to)


@pytest.mark.parametrize(
    ("start", "to", "detail"),
    [
        (
            "open",
            "closed",
            "a ticket that is open can become in_progress or on_hold or cancelled, not closed",
        ),
        ("closed", "open", "closed is final: the ticket cannot become open"),
        (
            *("completed", "completed"),
            "a ticket that is completed can become in_progress or closed, not completed",
        ),
    ],
)
def test_an_impossible_change_names_the_possible_ones(start: str, to: str, detail: str) -> None:
    """
    The blocker lists the statuses that are possible.
    """
    blocker = no_such_transition(Status(start), Status(to))

    assert Blocker(code=BlockerCode.NO_SUCH_TRANSITION, detail=detail) == blocker


def statuses_in_literals(node: ast.AST) -> set[str]:
    """Return the statuses that one literal of a module names, as texts or members."""
    roots = node.body if isinstance(node, ast.ClassDef) else [node]
    inside = [one for root in roots if not isinstance(root, DEEDS) for one in ast.walk(root)]
    texts = [one.value for one in inside if isinstance(one, ast.Constant)]
    words = {word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)}
    members = {
        one.attr.lower()
        for one in inside
        if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "Status"
    }
    return (words | members) & {status.value for status in Status}


def test_no_second_list_of_statuses_exists() -> None:
    """
    Besides the table, only a migration and the types of events name most statuses in one literal.
    """
    here = Path(mechanic_core.__file__).parents[1]
    texts = {file: file.read_text(encoding="utf-8") for file in here.rglob("*.py")}
    listing = {
        file.relative_to(here).as_posix()
        for file, text in texts.items()
        if "conformance" not in file.parts  # tests, which tell whole stories
        if re.search("in_progress|on_hold|cancelled", text, re.IGNORECASE)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, LITERALS)
        if len(statuses_in_literals(node)) > len(Status) / 2
    }

    assert {
        "mechanic_core/events/event.py",
        "mechanic_core/tickets/workflow.py",
        "mechanic_adapters/sql/migrations/versions/0002_jobs.py",
    } == listing
