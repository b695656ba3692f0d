"""The guards of the workflow: what a ticket needs before it may change its status."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Final, Protocol

from attrs import frozen

from mechanic_core.estimates.authorization import Authorization
from mechanic_core.invoices.balance import NO_BALANCE, Balance
from mechanic_core.members import LeftOut
from mechanic_core.money import Money, money_to_decimal
from mechanic_core.profile.billing import AuthorizationMode, Invoicing
from mechanic_core.rules import Description, Example
from mechanic_core.tickets.job import Job, JobKind, JobStatus


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


class BlockerCode(StrEnum):
    """Why a transition is not possible now."""

    NO_SUCH_TRANSITION = "no-such-transition"
    NO_MECHANIC = "no-mechanic"
    NO_ACTIVE_MECHANIC = "no-active-mechanic"
    NOT_AUTHORIZED = "not-authorized"
    UNDECIDED_JOBS = "undecided-jobs"
    OVER_AUTHORIZED = "over-authorized"
    CHANGED_SINCE_AUTHORIZED = "changed-since-authorized"
    INVOICED = "invoiced"
    NOT_INVOICED = "not-invoiced"
    DEPOSIT_UNSETTLED = "deposit-unsettled"
    CUSTOMER_ERASED = "customer-erased"


@frozen(kw_only=True)
class Blocker:
    """The reason why a transition is not possible now; `over-authorized` has the amounts."""

    code: Annotated[BlockerCode, Example(BlockerCode.NO_MECHANIC)]
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
    def amounts(self) -> dict[str, object]:
        """The amounts as facts of a refusal: without those that are null."""
        amounts = {"ceiling": self.ceiling, "current": self.current, "excess": self.excess}
        return {name: money_to_decimal(one) for name, one in amounts.items() if one is not None}

    @property
    def facts(self) -> dict[str, object]:
        """The members as those of a refusal."""
        return {"code": self.code, "detail": self.detail, **self.amounts}


@frozen(kw_only=True)
class Circumstances:
    """What the guards read beside the ticket: its authorization, its money, the shop's rule.

    There is no *authorization* where the shop asks for none. Whether the customer is erased matters
    for a finished ticket alone: who has others is not erased.
    """

    authorization: Authorization | None = None
    balance: Balance = NO_BALANCE
    invoicing: Invoicing = Invoicing.OFF
    is_customer_erased: bool = False


ORDINARY: Final = Circumstances()
"""The circumstances where the shop asks for nothing, and no money is on the ticket."""

Guard = Callable[[Guarded, Circumstances], Blocker | None]
"""Returns the blocker of a ticket, or None."""


def needs_a_mechanic(ticket: Guarded, _: Circumstances) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned."""
    if ticket.mechanics:
        return None
    return Blocker(code=BlockerCode.NO_MECHANIC, detail="assign a mechanic first")


def needs_an_active_mechanic(ticket: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker unless a mechanic is assigned who has not left the shop."""
    if any(mechanic.active for mechanic in ticket.mechanics):
        return None
    return needs_a_mechanic(ticket, circumstances) or Blocker(
        code=BlockerCode.NO_ACTIVE_MECHANIC, detail="assign a mechanic who has not left the shop"
    )


def needs_authorization(ticket: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker unless a job is authorized, a limit is set, or all is under warranty."""
    authorization = circumstances.authorization
    if authorization is None or authorization.limit:
        return None
    if any(job.status is JobStatus.AUTHORIZED for job in ticket.jobs):
        return None
    if ticket.jobs and all(job.kind is JobKind.WARRANTY for job in ticket.jobs):
        return None
    return Blocker(
        code=BlockerCode.NOT_AUTHORIZED,
        detail="the customer has authorized nothing, and set no limit",
    )


def needs_all_jobs_decided(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker for a job without authorization, unless a limit covers the whole ticket."""
    authorization = circumstances.authorization
    if authorization is None or not authorization.undecided or authorization.is_within_limit:
        return None
    return Blocker(
        code=BlockerCode.UNDECIDED_JOBS, detail=f"not authorized: {_named(authorization.undecided)}"
    )


def stays_within_the_ceiling(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker for a ticket that comes to more than was authorized."""
    authorization = circumstances.authorization
    if authorization is None or authorization.headroom >= 0:
        return None
    return Blocker(
        code=BlockerCode.OVER_AUTHORIZED,
        detail=(
            f"the ticket comes to {money_to_decimal(authorization.current)},"
            f" and at most {money_to_decimal(authorization.ceiling)} is authorized"
        ),
        ceiling=authorization.ceiling,
        current=authorization.current,
        excess=Money(-authorization.headroom),
    )


def needs_unchanged_jobs(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker for a job that was changed since it was authorized, in a strict shop."""
    authorization = circumstances.authorization
    if authorization is None or authorization.mode is not AuthorizationMode.STRICT:
        return None
    if not authorization.changed:
        return None
    return Blocker(
        code=BlockerCode.CHANGED_SINCE_AUTHORIZED,
        detail=f"changed since they were authorized: {_named(authorization.changed)}",
    )


def needs_no_invoice(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker while an invoice of the ticket is not fully credited."""
    if circumstances.balance.invoice_id is None:
        return None
    return Blocker(code=BlockerCode.INVOICED, detail="an invoice is not fully credited")


def needs_a_customer(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker for the ticket of a customer who was erased."""
    if not circumstances.is_customer_erased:
        return None
    return Blocker(
        code=BlockerCode.CUSTOMER_ERASED, detail="the customer was erased: open a new ticket"
    )


def needs_an_invoice(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker without an invoice that is not fully credited, where the shop asks for it.

    An erased customer gets no invoice any more.
    """
    if circumstances.invoicing is Invoicing.OFF or circumstances.balance.invoice_id is not None:
        return None
    if circumstances.is_customer_erased:
        return None
    return Blocker(code=BlockerCode.NOT_INVOICED, detail="issue an invoice first")


def needs_no_deposit(_: Guarded, circumstances: Circumstances) -> Blocker | None:
    """Return a blocker while payments on the ticket are not refunded."""
    received = circumstances.balance.received
    if not received:
        return None
    return Blocker(
        code=BlockerCode.DEPOSIT_UNSETTLED,
        detail=f"{money_to_decimal(received)} were paid on the ticket: refund them first",
    )


def _named(jobs: Iterable[int]) -> str:
    return f"jobs {', '.join(map(str, jobs))}"
