"""The workflow of a service ticket, as a table of status changes with their guards.

The table decides which transitions are possible and what they do to stock. The diagram in the
documentation is drawn from it, and the tests' model of the shop walks it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from attrs import frozen

from mechanic_core.errors import WrongState
from mechanic_core.events.event import EventType
from mechanic_core.inventory.part import Kind
from mechanic_core.rules import Example
from mechanic_core.tickets.guards import (
    Blocker,
    BlockerCode,
    Circumstances,
    Guard,
    Guarded,
    needs_a_customer,
    needs_a_mechanic,
    needs_all_jobs_decided,
    needs_an_active_mechanic,
    needs_an_invoice,
    needs_authorization,
    needs_no_deposit,
    needs_no_invoice,
    needs_unchanged_jobs,
    stays_within_the_ceiling,
)


class Status(StrEnum):
    """The status of a ticket."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TransitionBlocked(WrongState):
    """The ticket cannot make this status transition."""

    fact_types: ClassVar = {
        "current_state": Annotated[Status, Example(Status.OPEN)],
        "blockers": tuple[Blocker, ...],
    }

    def __init__(self, status: Status, blockers: Sequence[Blocker]) -> None:
        """Report the present *status* and all *blockers*."""
        super().__init__(
            "; ".join(blocker.detail for blocker in blockers),
            current_state=status.value,
            blockers=[blocker.facts for blocker in blockers],
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

    def blockers(self, ticket: Guarded, circumstances: Circumstances) -> tuple[Blocker, ...]:
        """Return the blockers of this change for *ticket*."""
        found = (guard(ticket, circumstances) for guard in self.guards)
        return tuple(blocker for blocker in found if blocker)


WORKFLOW: Final = (
    StatusChange(
        Status.OPEN,
        Status.IN_PROGRESS,
        EventType.TICKET_STARTED,
        guards=(needs_an_active_mechanic, needs_authorization),
    ),
    StatusChange(Status.OPEN, Status.ON_HOLD, EventType.TICKET_ON_HOLD),
    StatusChange(Status.IN_PROGRESS, Status.ON_HOLD, EventType.TICKET_ON_HOLD),
    StatusChange(
        Status.ON_HOLD,
        Status.IN_PROGRESS,
        EventType.TICKET_RESUMED,
        guards=(needs_an_active_mechanic, needs_authorization),
    ),
    StatusChange(
        Status.IN_PROGRESS,
        Status.COMPLETED,
        EventType.TICKET_COMPLETED,
        guards=(
            needs_a_mechanic,
            needs_all_jobs_decided,
            stays_within_the_ceiling,
            needs_unchanged_jobs,
        ),
        stock=Kind.CONSUME,
    ),
    StatusChange(
        Status.COMPLETED,
        Status.IN_PROGRESS,
        EventType.TICKET_REOPENED,
        guards=(needs_no_invoice, needs_a_customer),
        stock=Kind.RESTORE,
    ),
    StatusChange(
        Status.COMPLETED, Status.CLOSED, EventType.TICKET_CLOSED, guards=(needs_an_invoice,)
    ),
    *(
        StatusChange(
            start,
            Status.CANCELLED,
            EventType.TICKET_CANCELLED,
            guards=(needs_no_deposit,),
            stock=Kind.RELEASE,
        )
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
    return Blocker(code=BlockerCode.NO_SUCH_TRANSITION, detail=detail)
