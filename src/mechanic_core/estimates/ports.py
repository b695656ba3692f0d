"""Ports of estimates, decisions and approval links."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mechanic_core.customers.customer import CustomerId
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import Estimate, EstimateNumber
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.ticket import TicketId


class Estimates(Protocol):
    """The estimates of a ticket, which is locked by who writes one."""

    def next_number(self, ticket_id: TicketId) -> EstimateNumber:
        """Return the number of the ticket's next estimate: 1, or one more than the last."""
        ...

    def add(self, estimate: Estimate) -> Estimate:
        """Store a new estimate, whose number is the next one, and return it."""
        ...

    def get(self, ticket_id: TicketId, number: EstimateNumber) -> Estimate:
        """Return the estimate, or raise `EstimateNotFound`."""
        ...

    def save(self, estimate: Estimate) -> Estimate:
        """Store which jobs are answered, and whether the estimate is superseded.

        Return it with its new version. All else stays, whatever *estimate* says. Raises `LostRace`
        when the stored version is another one.
        """
        ...

    def standing(self, ticket_id: TicketId) -> Sequence[Estimate]:
        """Return the estimates of a ticket that are not superseded, by number."""
        ...


class EstimateLists(Protocol):
    """Several estimates."""

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Estimate]:
        """Return the estimates of a ticket, oldest first."""
        ...

    def numbered(
        self, ticket_id: TicketId, numbers: Collection[EstimateNumber]
    ) -> Mapping[EstimateNumber, Estimate]:
        """Return those estimates of a ticket that exist, by number."""
        ...

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Estimate]]:
        """Return the estimates of each ticket that has one, as `of` returns them."""
        ...

    def made_for(self, customer_id: CustomerId) -> Sequence[Estimate]:
        """Return the estimates that were made for a customer, oldest tickets first."""
        ...

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        """Have the estimates that were made for *former* be *owner*'s, with all else as it was."""
        ...


class Decisions(Protocol):
    """The decisions of customers, which are append-only. Who adds one locks its ticket."""

    def add(self, decision: Decision) -> Decision:
        """Store a new decision and return it with its id and the name of who has entered it."""
        ...

    def last(self, ticket_id: TicketId) -> Decision | None:
        """Return the latest decision on a ticket, or None."""
        ...

    def limit(self, ticket_id: TicketId) -> Money | None:
        """Return the latest spending limit of a ticket, or None."""
        ...

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Decision]:
        """Return the decisions on a ticket, oldest first."""
        ...

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Decision]]:
        """Return the decisions on each ticket that has one, as `of` returns them."""
        ...


class ApprovalLinks(Protocol):
    """Links to answer an estimate with: at most one for each estimate."""

    def start(self, link: ApprovalLink) -> ApprovalLink:
        """Store a link, which replaces that of the same estimate, and return it with its id.

        The id of a link that was deleted belongs to no other one.
        """
        ...

    def get(self, link_id: int) -> ApprovalLink | None:
        """Return the link as it is now, or None."""
        ...

    def use(self, link: ApprovalLink, at: datetime) -> bool:
        """Note that a link is used, and return whether it was not: true for one transaction only.

        It is false, too, for one that was replaced or deleted.
        """
        ...

    def forget(self, customer_id: CustomerId, ticket_id: TicketId | None = None) -> None:
        """Delete the links to estimates of a customer's tickets, or of one of them."""
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete links that expired before *before*, the oldest *limit*; return their number."""
        ...
