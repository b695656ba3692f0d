"""Make, list, read and print the estimates of a ticket."""

from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.customers.customer import CustomerDetails
from mechanic_core.estimates.calculation import estimate_of
from mechanic_core.estimates.estimate import (
    MAX_ESTIMATES,
    Estimate,
    EstimateForm,
    EstimateNotFound,
    EstimateNumber,
    NothingToEstimate,
)
from mechanic_core.estimates.printout import EstimatePrintout
from mechanic_core.money import money_to_decimal
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ownership import customer_of, customer_unless_erased
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class MakeEstimate:
    """Make an estimate of jobs of a ticket; it supersedes former ones of the same jobs."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, NothingToEstimate, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: EstimateForm, expected: int | None = None
    ) -> Estimate:
        """Return the new estimate."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            ticket.require_changeable()
            profile = work.profiles.get()
            form.require_valid(profile.today(at), {job.id for job in ticket.jobs})
            number = work.estimates.next_number(ticket_id)
            if number > MAX_ESTIMATES:
                raise TooMany(MAX_ESTIMATES, "estimates of the ticket")
            customer = customer_unless_erased(work, ticket.customer_id)
            details = CustomerDetails.of(customer) if customer else None
            estimate = estimate_of(ticket, details, form, profile, number, actor, at)
            for former in work.estimates.standing(ticket_id):
                if former.holds_any(job.id for job in estimate.jobs):
                    work.estimates.save(former.supersede(at))
            text = f"estimate {number}: {money_to_decimal(estimate.totals.total)}"
            entry = Entry.of(actor, at, HistoryEvent.ESTIMATED, to=text, note=form.note)
            work.tickets.save(evolve(ticket, updated_at=at), entry)
            return work.estimates.add(estimate).as_of(profile.today(at))


@final
@frozen
class ListEstimates:
    """List the estimates of a ticket."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_lagging: ReadLagging
    now: Clock

    def __call__(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Estimate]:
        """Return the estimates, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            owner = customer_of(work, ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            estimates = work.estimate_lists.of(ticket_id, page)
            today = work.profiles.get().today(self.now())
        return estimates.map(lambda estimate: estimate.as_of(today))


@final
@frozen
class ReadEstimate:
    """Read an estimate of a ticket."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound, EstimateNotFound)

    read_only: ReadOnly
    now: Clock

    def __call__(self, actor: Actor, ticket_id: TicketId, number: EstimateNumber) -> Estimate:
        """Return the estimate."""
        self.policy.admit(actor)
        with self.read_only() as work:
            owner = customer_of(work, ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            estimate = work.estimates.get(ticket_id, number)
            return estimate.as_of(work.profiles.get().today(self.now()))


@final
@frozen
class PrintEstimate:
    """Read an estimate as it is printed, which never changes after it was made.

    The paper is the estimate as it was made, whatever is answered or changed later. Only staff get
    the paper of one that was made for another customer than that to whom the ticket now belongs.
    """

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound, EstimateNotFound)

    read_only: ReadOnly

    def __call__(
        self, actor: Actor, ticket_id: TicketId, number: EstimateNumber
    ) -> EstimatePrintout:
        """Return the estimate."""
        self.policy.admit(actor)
        with self.read_only() as work:
            owner = customer_of(work, ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            estimate = work.estimates.get(ticket_id, number)
        self.policy.require_access(actor, estimate.customer_id, EstimateNotFound())
        return EstimatePrintout(estimate=estimate)
