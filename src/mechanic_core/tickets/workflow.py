"""The workflow of a service ticket, as a table of status changes with their guards.

The table decides which transitions are possible and what they do to stock. The diagram in the
documentation is drawn from it, and the tests' model of the shop walks it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Protocol

from attrs import frozen

from mechanic_core.errors import WrongState
from mechanic_core.events.event import EventType
from mechanic_core.inventory.part import Kind
from mechanic_core.rules import Example


class Status(StrEnum):
    """The status of a ticket."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Assigned(Protocol):
    """The part of an assigned mechanic that the guards read."""

    @property
    def active(self) -> bool:
        """Whether the mechanic has not left the shop."""
        ...


class HasMechanics(Protocol):
    """The part of a ticket that the guards read."""

    @property
    def mechanics(self) -> tuple[Assigned, ...]:
        """The assigned mechanics."""
        ...


@frozen(kw_only=True)
class Blocker:
    """The reason why a transition is not possible now."""

    code: Annotated[str, Example("no-mechanic")]
    detail: Annotated[str, Example("assign a mechanic first")]


class TransitionBlocked(WrongState):
    """The ticket cannot make this status transition."""

    fact_types: ClassVar = {
        "current_state": Annotated[Status, Example(Status.OPEN)],
        "blockers": tuple[Blocker, ...],
    }


Guard = Callable[[HasMechanics], Blocker | None]


def needs_a_mechanic(ticket: HasMechanics) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned."""
    if ticket.mechanics:
        return None
    return Blocker(code="no-mechanic", detail="assign a mechanic first")


def needs_an_active_mechanic(ticket: HasMechanics) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned who has not left the shop."""
    if any(mechanic.active for mechanic in ticket.mechanics):
        return None
    return needs_a_mechanic(ticket) or Blocker(
        code="no-active-mechanic", detail="assign a mechanic who has not left the shop"
    )


@frozen
class StatusChange:
    """An allowed change from one status to another, and the type of its event.

    *stock* is the kind of the stock movement that it makes for each part line.
    """

    start: Status
    to: Status
    event: EventType
    guards: tuple[Guard, ...] = ()
    stock: Kind | None = None

    def blockers(self, ticket: HasMechanics) -> tuple[Blocker, ...]:
        """Return the blockers of this change for *ticket*."""
        return tuple(blocker for guard in self.guards if (blocker := guard(ticket)))


WORKFLOW: Final = (
    StatusChange(
        Status.OPEN,
        Status.IN_PROGRESS,
        EventType.TICKET_STARTED,
        guards=(needs_an_active_mechanic,),
    ),
    StatusChange(Status.OPEN, Status.ON_HOLD, EventType.TICKET_ON_HOLD),
    StatusChange(Status.IN_PROGRESS, Status.ON_HOLD, EventType.TICKET_ON_HOLD),
    StatusChange(
        Status.ON_HOLD,
        Status.IN_PROGRESS,
        EventType.TICKET_RESUMED,
        guards=(needs_an_active_mechanic,),
    ),
    StatusChange(
        Status.IN_PROGRESS,
        Status.COMPLETED,
        EventType.TICKET_COMPLETED,
        guards=(needs_a_mechanic,),
        stock=Kind.CONSUME,
    ),
    StatusChange(
        Status.COMPLETED, Status.IN_PROGRESS, EventType.TICKET_REOPENED, stock=Kind.RESTORE
    ),
    StatusChange(Status.COMPLETED, Status.CLOSED, EventType.TICKET_CLOSED),
    *(
        StatusChange(start, Status.CANCELLED, EventType.TICKET_CANCELLED, stock=Kind.RELEASE)
        for start in (Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD)
    ),
)

STATUS_CHANGES: Final = {(change.start, change.to): change for change in WORKFLOW}
"""The status changes by their two statuses."""

INITIAL_STATUS: Final = Status.OPEN

EDITABLE_STATUSES: Final = frozenset(
    change.start for change in WORKFLOW if change.stock is Kind.RELEASE
)
"""The statuses in which a ticket may be changed: its parts are reserved, but not consumed."""

UNWORKED_STATUSES: Final = frozenset(
    change.to for change in WORKFLOW if change.stock is Kind.RELEASE
)
"""The statuses of tickets that do not count as worked on the leaderboard."""

FINAL_STATUSES: Final = frozenset(Status) - {change.start for change in WORKFLOW}
"""The statuses that no ticket leaves: its parts are consumed or released for good."""


def no_such_transition(start: Status, to: Status) -> Blocker:
    """Return the blocker of a change that the table does not have."""
    allowed = [change.to.value for change in WORKFLOW if change.start is start]
    detail = (
        f"a ticket that is {start.value} can become {' or '.join(allowed)}, not {to.value}"
        if allowed
        else f"{start.value} is final: the ticket cannot become {to.value}"
    )
    return Blocker(code="no-such-transition", detail=detail)
