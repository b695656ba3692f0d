"""Ports of service tickets and their histories."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.inventory.part import PartId
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.rules import checked
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleId


@frozen(kw_only=True, field_transformer=checked)
class TicketFilter:
    """Conditions on tickets, all of which must hold; None is no condition.

    *worked* excludes tickets that do not count on the leaderboard. *newest_first* reverses the
    order by id.
    """

    status: Status | None = None
    customer_id: int | None = None
    mechanic_id: int | None = None
    vehicle_id: int | None = None
    period: Period = ALL_TIME
    worked: bool = False
    newest_first: bool = False


class Tickets(Protocol):
    """The tickets, without removed ones, one at a time."""

    def get(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket, or raise `TicketNotFound`."""
        ...

    def lock(self, ticket_id: TicketId) -> Ticket:
        """Return the ticket after locking it until the transaction ends.

        Raises `TicketNotFound`.
        """
        ...

    def lock_with_mechanics(
        self, ticket_id: TicketId, mechanic_ids: Collection[int]
    ) -> tuple[Ticket, Mapping[int, Mechanic]]:
        """Return the ticket as `lock` does, and the mechanics as `Mechanics.lock_shared` does.

        The ticket is locked first: a transaction that waits for it locks no mechanic yet. Raises
        `TicketNotFound`.
        """
        ...

    def add(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Store a new ticket with its first history entry; return it with its ids."""
        ...

    def save(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Store the changed ticket with a history entry; return it with its version and new ids.

        At most one job is new, and lines whose job has the id 0 belong to it. Raises `LostRace` when
        the stored version is another one.
        """
        ...


class TicketLists(Protocol):
    """Lists and changes of several tickets."""

    def find(self, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        """Return tickets by id."""
        ...

    def unfinished_of(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        """Return the ids of the customer's tickets that are not finished, oldest first.

        At most `MAX_UNFINISHED` are returned, so that the cost does not grow with the tickets.
        """
        ...

    def with_part(self, part_id: PartId, *, reserved_only: bool) -> tuple[TicketId, ...]:
        """Return the ids of the tickets with a line of that part, oldest first.

        Those whose line reserves it, or all but those in a final status. At most
        `MAX_NAMED_TICKETS` are returned.
        """
        ...

    def vehicle_of_job(self, job_id: JobId) -> VehicleId | None:
        """Return the vehicle on the ticket with that job; None for no such job or no vehicle."""
        ...

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        """Remove the plates, which are personal data, from all tickets of a customer."""
        ...


class TicketPrices(Protocol):
    """The stored prices of all tickets."""

    def restamp(self, price: Callable[[Ticket], Ticket]) -> None:
        """Store every unfinished ticket as *price* returns it, with other figures.

        No other transaction changes a ticket until this one ends. It is no change of the tickets:
        their versions, histories and `updated_at` stay, and it is no event.
        """
        ...


class TicketOwners(Protocol):
    """Changes of all tickets of a customer, finished and removed ones included."""

    def lock(self, customer_id: CustomerId) -> None:
        """Lock the tickets until the transaction ends: before the customer, and by id."""
        ...

    def reassign(self, former: CustomerId, owner: CustomerId, entry: Entry) -> None:
        """Make the tickets of *former* those of *owner*, each with that history entry.

        So is the work that was declined on them. The version of each rises. Both customers must
        be locked.
        """
        ...


class Histories(Protocol):
    """The histories of the tickets, removed ones included."""

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """Return a ticket's history, oldest first."""
        ...

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Entry]]:
        """Return the history of each ticket that has one, as `of` returns it."""
        ...

    def owner_of(self, ticket_id: TicketId) -> CustomerId | None:
        """Return the customer of the ticket, or None if it is removed; raise `TicketNotFound`."""
        ...

    def started(self, ticket_id: TicketId) -> bool:
        """Return whether the ticket was ever in progress."""
        ...
