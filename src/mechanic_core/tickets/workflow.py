"""The workflow of a service ticket, as data.

One table gives what a transition does, what may be done next and what blocks the rest, the
diagram in the documents, and the model that the tests walk.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final, Protocol

from attrs import frozen

from mechanic_core.inventory.part import Kind
from mechanic_core.rules import Example


class Status(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Staffed(Protocol):
    """As much of a ticket as the guards look at."""

    @property
    def mechanics(self) -> tuple[object, ...]:
        """Who is assigned."""
        ...


@frozen(kw_only=True)
class Blocker:
    """Why a transition is not possible now."""

    code: Annotated[str, Example("no-mechanic")]
    detail: Annotated[str, Example("assign a mechanic first")]


Guard = Callable[[Staffed], Blocker | None]


def needs_a_mechanic(ticket: Staffed) -> Blocker | None:
    """Nobody can work on a ticket that nobody is assigned to."""
    if ticket.mechanics:
        return None
    return Blocker(code="no-mechanic", detail="assign a mechanic first")


@frozen
class StatusChange:
    """One arrow of the workflow: what must be true, and what its stock does.

    *stock* is the kind of movement that each part line of the ticket makes.
    """

    start: Status
    to: Status
    guards: tuple[Guard, ...] = ()
    stock: Kind | None = None

    def blockers(self, ticket: Staffed) -> tuple[Blocker, ...]:
        """Return what keeps *ticket* from this move."""
        return tuple(found for guard in self.guards if (found := guard(ticket)))


WORKFLOW: Final = (
    StatusChange(Status.OPEN, Status.IN_PROGRESS, guards=(needs_a_mechanic,)),
    StatusChange(Status.IN_PROGRESS, Status.ON_HOLD),
    StatusChange(Status.ON_HOLD, Status.IN_PROGRESS),
    StatusChange(Status.IN_PROGRESS, Status.COMPLETED, stock=Kind.CONSUME),
    StatusChange(Status.COMPLETED, Status.IN_PROGRESS, stock=Kind.RESTORE),
    StatusChange(Status.COMPLETED, Status.CLOSED),
    StatusChange(Status.OPEN, Status.CANCELLED, stock=Kind.RELEASE),
    StatusChange(Status.IN_PROGRESS, Status.CANCELLED, stock=Kind.RELEASE),
    StatusChange(Status.ON_HOLD, Status.CANCELLED, stock=Kind.RELEASE),
)

STATUS_CHANGES: Final = {(move.start, move.to): move for move in WORKFLOW}

INITIAL_STATUS: Final = Status.OPEN

EDITABLE_STATUSES: Final = frozenset(move.start for move in WORKFLOW if move.stock is Kind.RELEASE)
"""Where parts are still only reserved: lines, mechanics and the rest may change."""

UNWORKED_STATUSES: Final = frozenset(move.to for move in WORKFLOW if move.stock is Kind.RELEASE)
"""Where no work was done: the leaderboard leaves these out."""


def no_such_move(start: Status, to: Status) -> Blocker:
    """Return the blocker of an arrow that the table does not have."""
    onward = [move.to.value for move in WORKFLOW if move.start is start]
    detail = (
        f"from {start.value} it can become {' or '.join(onward)}, not {to.value}"
        if onward
        else f"{start.value} is final: it can't become {to.value}"
    )
    return Blocker(code="no-such-transition", detail=detail)
