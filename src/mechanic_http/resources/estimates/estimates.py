"""Estimates of service tickets, on paper too, and links with which customers answer them."""

from http import HTTPStatus
from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.estimates.approval_links import ApprovalLinkForm, IssuedApprovalLink
from mechanic_core.estimates.estimate import Estimate, EstimateForm, EstimateNumber
from mechanic_core.estimates.printout import EstimatePrintout
from mechanic_core.estimates.use_cases.estimates import (
    ListEstimates,
    MakeEstimate,
    PrintEstimate,
    ReadEstimate,
)
from mechanic_core.estimates.use_cases.links import IssueApprovalLink
from mechanic_core.paging import Page, PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route

ESTIMATE: Final = "/service_tickets/{ticket_id}/estimates/{number}"


@final
@frozen
class EstimateCollection:
    """The estimates of one service ticket."""

    shop: Shop

    @endpoint(ListEstimates)
    def on_get(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Estimate]:
        """List the estimates of a ticket."""
        return self.shop.list_estimates(actor, ticket_id, page)

    @endpoint(MakeEstimate, creates=ESTIMATE)
    def on_post(
        self,
        actor: Actor,
        ticket_id: TicketId,
        form: EstimateForm | None,
        expected: int | None,
    ) -> Estimate:
        """Make an estimate: a priced, frozen copy of jobs."""
        return self.shop.make_estimate(actor, ticket_id, form or EstimateForm(), expected)


@final
@frozen
class EstimateItem:
    """One estimate of a service ticket."""

    shop: Shop

    @endpoint(ReadEstimate)
    def on_get(self, actor: Actor, ticket_id: TicketId, number: EstimateNumber) -> Estimate:
        """Get an estimate."""
        return self.shop.read_estimate(actor, ticket_id, number)


@final
@frozen
class EstimateHtml:
    """An estimate as a page to be printed."""

    shop: Shop

    @endpoint(PrintEstimate, operation_id="read_estimate_html", media_type=HTML)
    def on_get(self, actor: Actor, ticket_id: TicketId, number: EstimateNumber) -> EstimatePrintout:
        """Get an estimate as a page to be printed."""
        return self.shop.print_estimate(actor, ticket_id, number)


@final
@frozen
class EstimatePdf:
    """An estimate as PDF."""

    shop: Shop

    @endpoint(PrintEstimate, operation_id="read_estimate_pdf", media_type=PDF)
    def on_get(self, actor: Actor, ticket_id: TicketId, number: EstimateNumber) -> EstimatePrintout:
        """Get an estimate as PDF."""
        return self.shop.print_estimate(actor, ticket_id, number)


@final
@frozen
class ApprovalLinkCollection:
    """Links to one estimate."""

    shop: Shop

    @endpoint(IssueApprovalLink, has_secret=True, success=HTTPStatus.CREATED)
    def on_post(  # noqa: PLR0913 - to which estimate, what, if unchanged, and under which address
        self,
        actor: Actor,
        ticket_id: TicketId,
        number: EstimateNumber,
        form: ApprovalLinkForm | None,
        expected: int | None,
        root_path: str,
    ) -> IssuedApprovalLink:
        """Issue a link with which the customer answers an estimate."""
        form = form or ApprovalLinkForm()
        issued = self.shop.issue_approval_link(actor, ticket_id, number, form, expected)
        return issued.under(root_path)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/estimates", EstimateCollection),
    Route(ESTIMATE, EstimateItem),
    Route(f"{ESTIMATE}.html", EstimateHtml),
    Route(f"{ESTIMATE}.pdf", EstimatePdf),
    Route("/service_tickets/{ticket_id}/estimates/{number}/links", ApprovalLinkCollection),
)
