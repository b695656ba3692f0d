"""The workflow of a service ticket, as a table of status changes with their guards.

The table decides which transitions are possible and what they do to stock. The diagram in the
documentation is drawn from it, and the tests' model of the shop walks it.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Protocol

from attrs import frozen

from mechanic_core.errors import WrongState
from mechanic_core.estimates.authorization import Authorization
from mechanic_core.events.event import EventType
from mechanic_core.inventory.part import Kind
from mechanic_core.members import LeftOut
from mechanic_core.money import Money, money_to_decimal
from mechanic_core.profile.billing import AuthorizationMode
from mechanic_core.rules import Description, Example
from mechanic_core.tickets.job import Job, JobKind, JobStatus


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


class Guarded(Protocol):
    """The part of a ticket that the guards read."""

    @property
    def mechanics(self) -> tuple[Assigned, ...]:
        """The assigned mechanics."""
        ...

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs."""
        ...


@frozen(kw_only=True)
class Blocker:
    """The reason why a transition is not possible now; `over-authorized` has the amounts."""

    code: Annotated[str, Example("no-mechanic")]
    detail: Annotated[str, Example("assign a mechanic first")]
    ceiling: Annotated[
        Money | None, LeftOut(), Example(None), Description("The most that the bill may come to.")
    ] = None
    current: Annotated[
        Money | None, LeftOut(), Example(None), Description("What the ticket comes to.")
    ] = None
    excess: Annotated[
        Money | None, LeftOut(), Example(None), Description("By how much that is too much.")
    ] = None

    @property
    def facts(self) -> dict[str, object]:
        """The members as those of a refusal: without amounts that are null."""
        amounts = {"ceiling": self.ceiling, "current": self.current, "excess": self.excess}
        shown = {name: money_to_decimal(one) for name, one in amounts.items() if one is not None}
        return {"code": self.code, "detail": self.detail, **shown}


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


Guard = Callable[[Guarded, Authorization | None], Blocker | None]
"""Returns the blocker of a ticket; it has no `Authorization` where the shop asks for none."""


def needs_a_mechanic(ticket: Guarded, _: Authorization | None) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned."""
    if ticket.mechanics:
        return None
    return Blocker(code="no-mechanic", detail="assign a mechanic first")


def needs_an_active_mechanic(
    ticket: Guarded, authorization: Authorization | None
) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned who has not left the shop."""
    if any(mechanic.active for mechanic in ticket.mechanics):
        return None
    return needs_a_mechanic(ticket, authorization) or Blocker(
        code="no-active-mechanic", detail="assign a mechanic who has not left the shop"
    )


def needs_authorization(ticket: Guarded, authorization: Authorization | None) -> Blocker | None:
    """Return a blocker unless the customer has agreed to something, or all is under warranty."""
    if authorization is None or authorization.limit:
        return None
    if any(job.status is JobStatus.AUTHORIZED for job in ticket.jobs):
        return None
    if ticket.jobs and all(job.kind is JobKind.WARRANTY for job in ticket.jobs):
        return None
    return Blocker(
        code="not-authorized", detail="the customer has authorized nothing, and set no limit"
    )


def needs_all_jobs_decided(_: Guarded, authorization: Authorization | None) -> Blocker | None:
    """Return a blocker for a job without authorization, unless a limit covers the whole ticket."""
    if authorization is None or not authorization.undecided or authorization.is_within_limit:
        return None
    return Blocker(
        code="undecided-jobs", detail=f"not authorized: {_named(authorization.undecided)}"
    )


def stays_within_the_ceiling(_: Guarded, authorization: Authorization | None) -> Blocker | None:
    """Return a blocker for a ticket that comes to more than was authorized."""
    if authorization is None or authorization.headroom >= 0:
        return None
    return Blocker(
        code="over-authorized",
        detail=(
            f"the ticket comes to {money_to_decimal(authorization.current)},"
            f" and at most {money_to_decimal(authorization.ceiling)} is authorized"
        ),
        ceiling=authorization.ceiling,
        current=authorization.current,
        excess=Money(-authorization.headroom),
    )


def needs_unchanged_jobs(_: Guarded, authorization: Authorization | None) -> Blocker | None:
    """Return a blocker for a job that was changed since it was authorized, in a strict shop."""
    if authorization is None or authorization.mode is not AuthorizationMode.STRICT:
        return None
    if not authorization.changed:
        return None
    return Blocker(
        code="changed-since-authorized",
        detail=f"changed since they were authorized: {_named(authorization.changed)}",
    )


def _named(jobs: Iterable[int]) -> str:
    return f"jobs {', '.join(map(str, jobs))}"


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

    def blockers(self, ticket: Guarded, authorization: Authorization | None) -> tuple[Blocker, ...]:
        """Return the blockers of this change for *ticket*."""
        found = (guard(ticket, authorization) for guard in self.guards)
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
