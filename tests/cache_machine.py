"""The same shop read through caches and without: every read must be the same."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import hypothesis.strategies as st
from attrs import define, evolve, field
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.store import CachedStore
from mechanic_adapters.conformance.samples.records import (
    DAY,
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
    new_entry,
    new_part,
)
from mechanic_core.errors import Refused
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.leaderboard import ALWAYS, Period
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId
from mechanic_core.money import Money
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store, Work

Read = Callable[[Work], Any]

READS: Final[dict[str, Read]] = {
    "parts": lambda work: work.parts.find(PartFilter(), PageRequest()),
    "two parts": lambda work: work.parts.find(PartFilter(), PageRequest(size=2)),
    "the second part": lambda work: work.parts.find(PartFilter(), PageRequest(size=1, start=1)),
    "parts counted": lambda work: work.parts.find(PartFilter(), PageRequest(counted=True)),
    "low brakes": lambda work: work.parts.find(
        PartFilter(q="brake", low_stock=True), PageRequest()
    ),
    "part 1": lambda work: work.parts.get(PartId(1)),
    "part 2": lambda work: work.parts.get(PartId(2)),
    "no part": lambda work: work.parts.get(PartId(99)),
    "mechanics": lambda work: work.mechanics.find(PageRequest(), active_only=False),
    "mechanics after": lambda work: work.mechanics.find(PageRequest(after=1), active_only=False),
    "active mechanics": lambda work: work.mechanics.find(PageRequest(), active_only=True),
    "mechanic 1": lambda work: work.mechanics.get(MechanicId(1)),
    "mechanic 2": lambda work: work.mechanics.get(MechanicId(2)),
    "no mechanic": lambda work: work.mechanics.get(MechanicId(99)),
    "leaderboard": lambda work: work.standings.top(10, ALWAYS),
    "today's two": lambda work: work.standings.top(2, Period(since=DAY, until=DAY)),
    "tomorrow's": lambda work: work.standings.top(10, Period(since=DAY + timedelta(days=1))),
}
"""Everything that is read through a cache, in several ways."""


@define
class Interrupted:
    """A store in which something happens just after a view was read, and before it is kept."""

    _store: Store
    meanwhile: Callable[[], object] | None = None

    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction."""
        return self._store.begin()

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view, and do what is to happen when it is closed."""
        with self._store.read_only() as work:
            yield work
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Have *listener* told."""
        self._store.subscribe(listener)

    def ping(self) -> None:
        """Ask whether the store is there."""
        self._store.ping()

    def close(self) -> None:
        """Give back what is held."""
        self._store.close()


@define
class Instance:
    """One instance of the application: its store, seen through a cache."""

    plain: Store
    cache: ResponseCache
    interrupted: Interrupted = field(init=False)
    store: CachedStore = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Put the cache in front."""
        self.interrupted = Interrupted(self.plain)
        self.store = CachedStore(self.interrupted, self.cache)


def outcome(store: Store, read: Read) -> object:
    """Return what is read, or the kind of refusal."""
    try:
        with store.read_only() as work:
            return read(work)
    except Refused as refused:
        return type(refused)


WHERE: Final = st.sampled_from([0, 1])
READ: Final = st.sampled_from(list(READS.values()))


class CachedShops(RuleBasedStateMachine):
    """Two instances over one database, sharing a cache; *instances* is set by a subclass."""

    parts = Bundle("parts")
    mechanics = Bundle("mechanics")
    tickets = Bundle("tickets")

    def __init__(self) -> None:
        """Open the shops, each with a customer."""
        super().__init__()
        self.shops = self.instances()
        self.customer = add_customer(self.shops[0].plain)

    def instances(self) -> tuple[Instance, Instance]:
        """Return two instances over one empty database."""
        raise NotImplementedError

    @invariant()
    def every_read_is_an_uncached_read(self) -> None:
        """Whatever happened, each instance reads what is kept; twice, so that one is a hit."""
        for read in READS.values():
            expected = outcome(self.shops[0].plain, read)
            for shop in (*self.shops, self.shops[0]):
                assert expected == outcome(shop.store, read)

    @rule(at=WHERE, read=READ, writer=WHERE, what=st.integers(0, 2))
    def read_while_writing(self, at: int, read: Read, writer: int, what: int) -> None:
        """A write comes between a read and the keeping of what it found."""
        store = self.shops[writer].store
        write = (add_part, add_mechanic, self._open_ticket)[what]
        write(store)  # so that there is something to read anew
        self.shops[at].interrupted.meanwhile = lambda: write(store)
        outcome(self.shops[at].store, read)
        self.shops[at].interrupted.meanwhile = None

    @rule(target=parts, at=WHERE)
    def add_part(self, at: int) -> Part:
        """Put a part on the shelf."""
        return add_part(self.shops[at].store)

    @rule(target=parts, at=WHERE, part=consumes(parts), price=st.integers(0, 9).map(Money))
    def change_part(self, at: int, part: Part, price: Money) -> Part:
        """Change a part's price."""
        with self.shops[at].store.begin() as work:
            (kept,) = work.parts.save([evolve(part, price=price)])
        return kept

    @rule(at=WHERE, part=consumes(parts))
    def archive_part(self, at: int, part: Part) -> None:
        """Take a part out of the lists."""
        with self.shops[at].store.begin() as work:
            work.parts.save([part.archived(part.updated_at)])

    @rule(at=WHERE, read=READ)
    def drop_a_part(self, at: int, read: Read) -> None:
        """A transaction sees its own writes; when it is dropped, nobody ever did."""
        store = self.shops[at].store
        with suppress(_DroppedError), store.begin() as work:
            work.parts.add(new_part())
            assert outcome(store, read) == outcome(self.shops[at].plain, read)
            raise _DroppedError

    @rule(target=mechanics, at=WHERE, active=st.booleans())
    def add_mechanic(self, at: int, active: bool) -> Mechanic:  # noqa: FBT001 - a drawn one
        """Take somebody on."""
        return add_mechanic(self.shops[at].store, active=active)

    @rule(target=mechanics, at=WHERE, mechanic=consumes(mechanics), name=st.sampled_from("ab"))
    def change_mechanic(self, at: int, mechanic: Mechanic, name: str) -> Mechanic:
        """Change a mechanic's name, which is on the leaderboard too, and whether they are active."""
        with self.shops[at].store.begin() as work:
            return work.mechanics.save(evolve(mechanic, name=name, active=not mechanic.active))

    @rule(target=tickets, at=WHERE, mechanic=mechanics)
    def add_ticket(self, at: int, mechanic: Mechanic) -> Ticket:
        """Take a vehicle in."""
        return add_ticket(self.shops[at].store, self.customer, mechanic)

    @rule(at=WHERE, ticket=consumes(tickets))
    def cancel_ticket(self, at: int, ticket: Ticket) -> None:
        """Cancel a ticket, so that it no longer counts."""
        with self.shops[at].store.begin() as work:
            work.tickets.save(evolve(ticket, status=Status.CANCELLED), new_entry())

    def teardown(self) -> None:
        """Close the shops."""
        for shop in self.shops:
            shop.store.close()

    def _open_ticket(self, store: Store) -> Ticket:
        return add_ticket(store, self.customer, add_mechanic(store))


class _DroppedError(Exception):
    """Somebody thought better of it."""
