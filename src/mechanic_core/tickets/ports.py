"""What the core asks of whoever keeps the service tickets."""

from collections.abc import Collection, Mapping
from typing import Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.mechanics.leaderboard import ALL_TIME, Period
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status


@frozen(kw_only=True)
class TicketFilter:
    """Which tickets are wanted: all that agree with what is given.

    *worked* leaves out those that no leaderboard counts. *newest_first* turns the order by id
    around.
    """

    status: Status | None = None
    customer_id: int | None = None
    mechanic_id: int | None = None
    vehicle_id: int | None = None
    period: Period = ALL_TIME
    worked: bool = False
    newest_first: bool = False


class Tickets(Protocol):
    """Every ticket that the shop has written; removed ones are not found."""

    def get(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket, or raise `TicketNotFound`."""
        ...

    def lock(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket, kept from others' changes until the transaction ends.

        Raises `TicketNotFound`.
        """
        ...

    def lock_with_mechanics(
        self, ticket_id: TicketId, mechanic_ids: Collection[int]
    ) -> tuple[Ticket, Mapping[int, Mechanic]]:
        """Return the ticket as `lock` does and the mechanics as `Mechanics.lock_shared` does, at once.

        The ticket is held first, so that nobody who waits for it keeps a mechanic from others.
        Raises `TicketNotFound`.
        """
        ...

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep a new ticket with the first line of its history; return it with its ids."""
        ...

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Keep the change and what it was; return the ticket with new version and line ids.

        Raises `LostRace` when the kept version is not the ticket's.
        """
        ...


class TicketLists(Protocol):
    """Tickets found by what they have in common."""

    def find(self, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        """Return tickets by id."""
        ...

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        """Return the customer's tickets that are still to be worked on."""
        ...


class Histories(Protocol):
    """What happened to each ticket."""

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """Return a ticket's history, oldest first."""
        ...

    def owner_of(self, ticket_id: TicketId) -> CustomerId | None:
        """Return whose ticket it is, None once it is removed; raise `TicketNotFound`."""
        ...

    def started(self, ticket_id: TicketId) -> bool:
        """Return whether work on the ticket ever began."""
        ...
