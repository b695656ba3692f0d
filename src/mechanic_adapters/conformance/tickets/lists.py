"""The contract of `TicketLists` and `TicketOwners`."""

from itertools import product
from typing import Any, Final

from attrs import evolve

from mechanic_adapters.conformance.samples.busy_shop import DAYS, busy_shop
from mechanic_adapters.conformance.samples.declarations import Lock, PaginatedList, Write
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    UNKNOWN,
    add_customer,
    add_part,
    add_ticket,
    new_entry,
    new_part_line,
    new_ticket,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.events.event import EventType
from mechanic_core.inventory.part import MAX_NAMED_TICKETS, PartId
from mechanic_core.paging import PageRequest
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.bounds import MAX_UNFINISHED
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store, Work


def _add_ticket(work: Work, seed: Seed) -> None:
    work.tickets.add(new_ticket(seed.customer, seed.mechanic), new_entry())


def _erase_plates(work: Work, seed: Seed) -> None:
    work.tickets.add(new_ticket(seed.customer, vehicle=seed.vehicle), new_entry())
    work.ticket_lists.erase_plates(seed.customer.id, LATER)


WRITES: Final = (
    Write(
        "ticket_lists.erase_plates",
        _erase_plates,
        "tickets",
        {EventType.TICKET_CREATED: (), EventType.TICKET_CHANGED: ("vehicle",)},
    ),
    Write(
        "ticket_owners.reassign",
        lambda work, seed: work.ticket_owners.reassign(seed.customer.id, seed.heir.id, new_entry()),
        "tickets",
        {
            EventType.TICKET_CHANGED: ("customer_id",),
            EventType.RECOMMENDATION_CHANGED: ("customer_id",),
        },
        frozenset({"recommendations"}),
    ),
)
LOCKS: Final = (
    Lock(
        "ticket_owners.lock",
        lambda work, seed: work.ticket_owners.lock(seed.customer.id),
        lambda work, seed: work.tickets.lock(seed.ticket.id),
    ),
)
LISTS: Final = (
    PaginatedList(
        "tickets",
        lambda work, seed, page: work.ticket_lists.find(
            TicketFilter(customer_id=seed.customer.id), page
        ),
        _add_ticket,
    ),
    PaginatedList(
        "newest tickets",
        lambda work, seed, page: work.ticket_lists.find(
            TicketFilter(mechanic_id=seed.mechanic.id, newest_first=True), page
        ),
        _add_ticket,
        descending=True,
    ),
)


PERIODS = (
    ALL_TIME,
    Period(since=DAYS[1]),
    Period(until=DAYS[1]),
    Period(since=DAYS[1], until=DAYS[1]),
    Period(since=DAYS[-1].replace(year=2030)),
)


def found(store: Store, **wanted: Any) -> tuple[Ticket, ...]:
    """Return the tickets that match a filter."""
    with store.read_only() as work:
        return work.ticket_lists.find(TicketFilter(**wanted), ALL).items


def matches(ticket: Ticket, wanted: TicketFilter) -> bool:
    """Return whether *ticket* matches the filter *wanted*."""
    if wanted.status and ticket.status != wanted.status:
        return False
    if wanted.customer_id and ticket.customer_id != wanted.customer_id:
        return False
    if wanted.vehicle_id and (not ticket.vehicle or ticket.vehicle.id != wanted.vehicle_id):
        return False
    if wanted.mechanic_id and wanted.mechanic_id not in [one.id for one in ticket.mechanics]:
        return False
    if wanted.worked and ticket.status is Status.CANCELLED:
        return False
    return wanted.period.contains(ticket.service_date)


class TestTicketLists:
    """Filtered lists of tickets; removed tickets are in none."""

    def test_lists_all_by_id(self, store: Store) -> None:
        """Without a filter, the list has every ticket, the oldest first."""
        shop = busy_shop(store)

        assert shop.tickets == found(store)

    def test_lists_the_newest_first(self, store: Store) -> None:
        """The order can be reversed."""
        shop = busy_shop(store)

        assert shop.tickets[::-1] == found(store, newest_first=True)

    def test_filters_by_one_field(self, store: Store) -> None:
        """Each filter alone returns exactly the tickets that match it."""
        shop = busy_shop(store)
        wanted: list[dict[str, Any]] = [
            *({"status": status} for status in Status),
            *({"customer_id": one.id} for one in shop.customers),
            *({"vehicle_id": one.id} for one in shop.vehicles),
            *({"mechanic_id": one.id} for one in shop.mechanics),
            *({"period": period} for period in PERIODS),
            {"worked": True},
        ]

        for fields in wanted:
            expected = tuple(t for t in shop.tickets if matches(t, TicketFilter(**fields)))
            assert expected == found(store, **fields), fields

    def test_combines_all_filters(self, store: Store) -> None:
        """All filters together return the tickets that match each of them."""
        shop = busy_shop(store)
        customers = (None, shop.customers[0].id)
        mechanics = (None, shop.mechanics[0].id)
        vehicles = (None, shop.vehicles[0].id)
        every = product(
            (None, Status.OPEN, Status.CANCELLED),
            customers,
            mechanics,
            vehicles,
            PERIODS[:2],
            (False, True),
        )

        for status, customer, mechanic, vehicle, period, worked in every:
            wanted = TicketFilter(
                status=status,
                customer_id=customer,
                mechanic_id=mechanic,
                vehicle_id=vehicle,
                period=period,
                worked=worked,
                newest_first=customer is None,
            )
            expected = [ticket.id for ticket in shop.tickets if matches(ticket, wanted)]
            with store.read_only() as work:
                page = work.ticket_lists.find(wanted, evolve(ALL, with_total=True))
            assert expected[:: -1 if wanted.newest_first else 1] == [
                one.id for one in page.items
            ], wanted
            assert len(expected) == page.total, wanted

    def test_finds_nothing_for_unknown_ids(self, store: Store) -> None:
        """Unknown ids, the greatest possible one too, find nothing."""
        add_ticket(store, add_customer(store))

        for unknown in (UNKNOWN, 2**63 - 1):
            assert () == found(store, customer_id=unknown)
            assert () == found(store, mechanic_id=unknown)
            assert () == found(store, vehicle_id=unknown)

    def test_counts_the_matches(self, store: Store) -> None:
        """The total is that of the filtered list, whichever page is requested."""
        shop = busy_shop(store)
        wanted = TicketFilter(status=Status.OPEN)
        matching = [ticket.id for ticket in shop.tickets if ticket.status is Status.OPEN]

        with store.read_only() as work:
            for page in (
                PageRequest(size=1, with_total=True),
                PageRequest(size=1, offset=2, with_total=True),
                PageRequest(size=1, offset=1000, with_total=True),
                PageRequest(size=1, after=matching[0], with_total=True),
                PageRequest(size=1, after=matching[-1], with_total=True),
            ):
                assert len(matching) == work.ticket_lists.find(wanted, page).total

    def test_finds_the_unfinished_tickets_of_a_customer(self, store: Store) -> None:
        """Open, in-progress and on-hold tickets of that customer are unfinished, by id."""
        ada, bo = add_customer(store), add_customer(store)
        mine = {status: add_ticket(store, ada, status=status).id for status in Status}
        add_ticket(store, bo)

        with store.read_only() as work:
            unfinished = work.ticket_lists.unfinished_of(ada.id)

        assert (mine[Status.OPEN], mine[Status.IN_PROGRESS], mine[Status.ON_HOLD]) == unfinished

    def test_finds_no_more_unfinished_tickets_than_a_customer_may_have(self, store: Store) -> None:
        """Of more unfinished tickets than are allowed, the first of them are returned."""
        ada = add_customer(store)
        with store.begin() as work:
            ids = [
                work.tickets.add(new_ticket(ada), new_entry()).id for _ in range(MAX_UNFINISHED + 1)
            ]

        with store.read_only() as work:
            assert ids[:-1] == list(work.ticket_lists.unfinished_of(ada.id))

    def test_finds_the_tickets_with_a_part(self, store: Store) -> None:
        """Unfinished tickets reserve it, and completed ones may be reopened; each is named once."""
        ada, part, other = add_customer(store), add_part(store), add_part(store)
        lines = (new_part_line(part), new_part_line(other), new_part_line(part))
        on = {status: add_ticket(store, ada, parts=lines, status=status).id for status in Status}
        add_ticket(store, ada, parts=(new_part_line(other),))
        add_ticket(store, ada, parts=lines, removed_at=LATER)

        with store.read_only() as work:
            reserving = work.ticket_lists.with_part(part.id, reserved_only=True)
            using = work.ticket_lists.with_part(part.id, reserved_only=False)
            assert () == work.ticket_lists.with_part(PartId(UNKNOWN), reserved_only=False)

        unfinished = (on[Status.OPEN], on[Status.IN_PROGRESS], on[Status.ON_HOLD])
        assert (unfinished, (*unfinished, on[Status.COMPLETED])) == (reserving, using)

    def test_finds_the_oldest_tickets_with_a_part(self, store: Store) -> None:
        """Of more tickets than a refusal names, the first of them are returned."""
        ada, part = add_customer(store), add_part(store)
        with store.begin() as work:
            tickets = [
                work.tickets.add(new_ticket(ada, parts=(new_part_line(part),)), new_entry())
                for _ in range(MAX_NAMED_TICKETS + 1)
            ]

        with store.read_only() as work:
            found = work.ticket_lists.with_part(part.id, reserved_only=True)
        assert [ticket.id for ticket in tickets][:-1] == list(found)
