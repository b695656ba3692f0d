"""Jobs of service tickets, the discounts on a whole ticket, and its price."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.job import Job, JobDraft, JobForm, JobId
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.use_cases.jobs import AddJob, ChangeJob, RemoveJob
from mechanic_core.tickets.use_cases.price import ReadPrice, ReplaceDiscounts
from mechanic_http.endpoint.merge_patch import MergePatch
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route

JOB: Final = "/service_tickets/{ticket_id}/jobs/{id}"


@final
@frozen
class JobCollection:
    """The jobs of one service ticket."""

    shop: Shop

    @endpoint(AddJob, creates=JOB)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: JobDraft, expected: int | None
    ) -> Job:
        """Add a job."""
        return self.shop.add_job(actor, ticket_id, form, expected)


@final
@frozen
class JobItem:
    """One job of a service ticket."""

    shop: Shop

    @endpoint(ChangeJob)
    def on_patch(
        self,
        actor: Actor,
        ticket_id: TicketId,
        job_id: JobId,
        change: MergePatch[JobForm],
        expected: int | None,
    ) -> Job:
        """Update a job; the lines of a warranty job cost the customer nothing."""
        return self.shop.change_job(actor, ticket_id, job_id, change, expected)

    @endpoint(RemoveJob)
    def on_delete(
        self, actor: Actor, ticket_id: TicketId, job_id: JobId, expected: int | None
    ) -> None:
        """Remove a job that has no lines."""
        self.shop.remove_job(actor, ticket_id, job_id, expected)


@final
@frozen
class TicketDiscounts:
    """The discounts on the whole of one service ticket."""

    shop: Shop

    @endpoint(ReplaceDiscounts)
    def on_put(
        self, actor: Actor, ticket_id: TicketId, form: DiscountsForm, expected: int | None
    ) -> Ticket:
        """Replace the discounts on the whole of a ticket; each needs a reason."""
        return self.shop.replace_discounts(actor, ticket_id, form, expected)


@final
@frozen
class TicketPrice:
    """What one service ticket comes to."""

    shop: Shop

    @endpoint(ReadPrice)
    def on_get(self, actor: Actor, ticket_id: TicketId) -> PricedDocument:
        """Get the priced document of a ticket: its lines, taxes and totals."""
        return self.shop.read_price(actor, ticket_id)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/jobs", JobCollection),
    Route("/service_tickets/{ticket_id}/jobs/{job_id}", JobItem),
    Route("/service_tickets/{ticket_id}/discounts", TicketDiscounts),
    Route("/service_tickets/{ticket_id}/price", TicketPrice),
)
