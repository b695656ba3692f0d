"""The contract of `Standings`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.conformance.samples.busy_shop import DAYS, busy_shop
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    add_customer,
    add_mechanic,
    add_ticket,
    new_entry,
    new_ticket,
)
from mechanic_adapters.conformance.samples.strategies import fewer_examples
from mechanic_core.mechanics.leaderboard import Standing
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import PageRequest
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store


def top(store: Store, limit: int = 100, period: Period = ALL_TIME) -> tuple[Standing, ...]:
    """Return the leaderboard."""
    with store.read_only() as work:
        return work.standings.top(limit, period)


def recount(
    mechanics: Sequence[Mechanic], tickets: Sequence[Ticket], period: Period
) -> tuple[Standing, ...]:
    """Return the leaderboard, counted in Python over all tickets."""
    counts = {
        mechanic: sum(
            mechanic.id in [one.id for one in ticket.mechanics]
            for ticket in tickets
            if ticket.status is not Status.CANCELLED and period.contains(ticket.service_date)
        )
        for mechanic in mechanics
    }
    standings = [
        Standing(
            rank=1 + sum(other > count for other in counts.values()),
            id=mechanic.id,
            name=mechanic.name,
            tickets=count,
        )
        for mechanic, count in counts.items()
    ]
    return tuple(sorted(standings, key=lambda one: (one.rank, one.name, one.id)))


days = st.sampled_from(DAYS) | st.dates(DAYS[0] - timedelta(days=40), DAYS[-1] + timedelta(days=40))
periods = st.tuples(days, days).flatmap(
    lambda ends: st.builds(
        Period, since=st.none() | st.just(min(ends)), until=st.none() | st.just(max(ends))
    )
)


class TestStandings:
    """How many tickets each mechanic has worked."""

    def test_is_empty_without_mechanics(self, store: Store) -> None:
        """A shop without mechanics has an empty leaderboard."""
        assert () == top(store)

    def test_includes_everybody(self, store: Store) -> None:
        """Mechanics without tickets are included, former ones too; all share the first rank."""
        cy = add_mechanic(store, name="Cy")
        bo = add_mechanic(store, name="Bo", active=False)

        assert (
            Standing(rank=1, id=bo.id, name="Bo", tickets=0),
            Standing(rank=1, id=cy.id, name="Cy", tickets=0),
        ) == top(store)

    def test_shares_ranks(self, store: Store) -> None:
        """Equal counts share a rank, and the next rank leaves a gap (1, 1, 3)."""
        ada = add_customer(store)
        di, bo, cy = (add_mechanic(store, name=name) for name in ("Di", "Bo", "Cy"))
        add_ticket(store, ada, di, bo)
        add_ticket(store, ada, di, bo)
        add_ticket(store, ada, cy)

        assert [(1, "Bo", 2), (1, "Di", 2), (3, "Cy", 1)] == [
            (one.rank, one.name, one.tickets) for one in top(store)
        ]

    def test_breaks_ties_by_name_then_id(self, store: Store) -> None:
        """Equal ranks are ordered by name, by code point, then by id."""
        first, second = add_mechanic(store, name="Bo"), add_mechanic(store, name="Bo")
        for name in ("Émile", "adam", "Zoe"):
            add_mechanic(store, name=name)

        standings = top(store)

        assert ["Bo", "Bo", "Zoe", "adam", "Émile"] == [one.name for one in standings]
        assert [first.id, second.id] == [one.id for one in standings[:2]]

    def test_counts_no_cancelled_ticket(self, store: Store) -> None:
        """A ticket does not count once it is cancelled or its mechanic unassigned."""
        ada, bo = add_customer(store), add_mechanic(store)
        cancelled, left, stays = (add_ticket(store, ada, bo) for _ in range(3))

        counts = [top(store)[0].tickets]
        for changed in (evolve(cancelled, status=Status.CANCELLED), evolve(left, mechanics=())):
            with store.begin() as work:
                work.tickets.save(changed, new_entry())
            counts.append(top(store)[0].tickets)

        assert [3, 2, 1] == counts
        with store.read_only() as work:
            wanted = TicketFilter(mechanic_id=bo.id, worked=True)
            assert (stays,) == work.ticket_lists.find(wanted, PageRequest()).items

    def test_counts_a_period(self, store: Store) -> None:
        """A period includes both its ends, by service date."""
        ada, bo = add_customer(store), add_mechanic(store)
        for day in DAYS:
            add_ticket(store, ada, bo, service_date=day)

        counts = [
            top(store, period=period)[0].tickets
            for period in (
                ALL_TIME,
                Period(since=DAYS[1]),
                Period(until=DAYS[1]),
                Period(since=DAYS[1], until=DAYS[1]),
                Period(since=DAYS[-1].replace(year=2030)),
            )
        ]

        assert [5, 4, 2, 1, 0] == counts

    def test_agrees_with_a_recount(self, store: Store) -> None:
        """For every period and limit, the leaderboard is that of a recount."""
        shop = busy_shop(store)

        @fewer_examples()
        @given(limit=st.integers(1, 5), period=periods)
        def agrees(limit: int, period: Period) -> None:
            assert recount(shop.mechanics, shop.tickets, period)[:limit] == top(
                store, limit, period
            )

        agrees()

    def test_follows_every_change(self, store: Store) -> None:
        """After each change of a ticket, the leaderboard is that of a recount."""
        ada, mechanics = add_customer(store), [add_mechanic(store) for _ in "abc"]
        crews = [new_ticket(ada, *mechanics[:size]).mechanics for size in range(4)]
        ticket = add_ticket(store, ada)
        add_ticket(store, ada, mechanics[1], service_date=DAYS[-1])

        changes: list[dict[str, Any]] = [
            {"mechanics": crews[2]},
            {"service_date": DAYS[-1]},
            {"mechanics": crews[1]},
            {"status": Status.IN_PROGRESS, "mechanics": crews[3], "service_date": DAYS[0]},
            {"status": Status.COMPLETED},
            {"status": Status.IN_PROGRESS, "description": "Again"},
            {"status": Status.CANCELLED},
            {"status": Status.OPEN, "service_date": DAYS[1]},
            {"removed_at": AT},
        ]
        for changed in changes:
            with store.begin() as work:
                ticket = work.tickets.save(evolve(ticket, **changed), new_entry())
            with store.read_only() as work:
                tickets = work.ticket_lists.find(TicketFilter(), ALL).items
            for period in (ALL_TIME, *(Period(since=day, until=day) for day in DAYS)):
                assert recount(mechanics, tickets, period) == top(store, period=period), changed
