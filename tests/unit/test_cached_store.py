"""A store with a cache in front: what is read through it, and what it costs the store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, frozen
from hypothesis import given

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.ports import Kind
from mechanic_adapters.caching.reads import LEADERBOARD, MECHANIC, MECHANIC_PAGE, PART, PART_PAGE
from mechanic_adapters.caching.records import recorded
from mechanic_adapters.caching.store import CachedStore
from mechanic_adapters.conformance.samples.records import add_customer, add_mechanic, add_part
from mechanic_adapters.memory import MemoryStore
from mechanic_core.errors import Unavailable
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.leaderboard import ALWAYS, Standing
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Work
from tests.cache_machine import READS, Read, outcome
from tests.worlds import FEWER, records


@define
class Watched:
    """A memory store that counts its views."""

    _store: MemoryStore
    looks: int = 0

    def __getattr__(self, name: str) -> Any:
        """Return the store's own."""
        return getattr(self._store, name)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view, counted."""
        self.looks += 1
        with self._store.read_only() as work:
            yield work


@define
class Unsure:
    """A memory store that keeps everything and, when told so, tells nobody."""

    _store: MemoryStore
    answers: bool = True

    def __getattr__(self, name: str) -> Any:
        """Return the store's own."""
        return getattr(self._store, name)

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Have *listener* told, while there are answers."""
        self._store.subscribe(lambda nouns: listener(nouns) if self.answers else None)

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction; its commit may go without an answer."""
        with self._store.begin() as work:
            yield work
        if not self.answers:
            raise Unavailable


@pytest.fixture
def watched() -> Watched:
    """An empty shop whose views are counted."""
    return Watched(MemoryStore())


@pytest.fixture
def store(watched: Watched) -> CachedStore:
    """The same shop behind a cache."""
    return CachedStore(watched, ResponseCache(MemoryAnswers(ttl_s=30.0)))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_hit_opens_no_view(store: CachedStore, watched: Watched, read: Read) -> None:
    """
    What is remembered costs the store nothing, not even a view; what is not there, one.
    """
    for _ in range(2):
        add_part(store)
        add_mechanic(store)
    first = outcome(store, read)
    before = watched.looks
    again = outcome(store, read)

    assert first == again
    assert watched.looks - before == isinstance(first, type)


def test_one_view_is_one_moment(store: CachedStore, watched: Watched) -> None:
    """
    A view that had to be opened is read through, what is remembered included.
    """
    customer, part = add_customer(store), add_part(store)
    before = watched.looks
    with store.read_only() as work:
        work.parts.get(part.id)
        work.parts.get(part.id)
        assert customer == work.customers.get(customer.id)
        assert part == work.parts.get(part.id)
        assert (part,) == work.parts.find(PartFilter(), PageRequest()).items

    assert watched.looks - before == 2


def test_a_transaction_sees_itself(store: CachedStore) -> None:
    """
    Within a transaction reads are the transaction's own, and nothing of them is remembered.
    """
    part = add_part(store)
    with store.read_only() as work:
        work.parts.get(part.id)

    with suppress(ZeroDivisionError), store.begin() as work:
        (changed,) = work.parts.save([evolve(part, price=Money(1))])
        with store.begin() as inner, store.read_only() as view:
            assert [changed] * 3 == [one.parts.get(part.id) for one in (work, inner, view)]
        raise ZeroDivisionError

    with store.read_only() as work:
        assert part == work.parts.get(part.id)


def test_a_dropped_write_invalidates_nothing(store: CachedStore, watched: Watched) -> None:
    """
    A write that was rolled back leaves what is remembered as it is.
    """
    part = add_part(store)
    with store.read_only() as work:
        work.parts.get(part.id)
    before = watched.looks
    with suppress(ZeroDivisionError), store.begin() as work:
        work.parts.save([evolve(part, price=Money(1))])
        raise ZeroDivisionError
    with store.read_only() as work:
        work.parts.get(part.id)

    assert watched.looks == before


def test_a_commit_without_an_answer_may_be_kept() -> None:
    """
    Where nobody knows whether a write was kept, what is remembered is read anew.
    """
    unsure = Unsure(MemoryStore())
    store = CachedStore(unsure, ResponseCache(MemoryAnswers(ttl_s=30.0)))
    part = add_part(store)
    with store.read_only() as work:
        work.parts.get(part.id)
    unsure.answers = False
    with suppress(Unavailable), store.begin() as work:
        (changed,) = work.parts.save([evolve(part, price=Money(1))])

    with store.read_only() as work:
        assert changed == work.parts.get(part.id)


def test_views_write_nothing(store: CachedStore) -> None:
    """
    A view that remembers is as little for writing as any.
    """
    part = add_part(store)

    with pytest.raises(Exception, match="begin"), store.read_only() as work:
        work.parts.save([part])
    with pytest.raises(Exception, match="begin"), store.read_only() as work:
        work.on_commit(lambda: None)


@given(part=records(Part), mechanic=records(Mechanic), standing=records(Standing))
@FEWER
def test_records_are_read_as_written(part: Part, mechanic: Mechanic, standing: Standing) -> None:
    """
    What a shared cache holds of a record is the whole record.
    """
    kept: list[tuple[Kind[Any], object]] = [
        (PART, part),
        (PART_PAGE, Page((part, part), has_more=True, last=7, total=None)),
        (PART_PAGE, Page[Part](())),
        (MECHANIC, mechanic),
        (MECHANIC_PAGE, Page((mechanic,), total=1)),
        (LEADERBOARD, (standing, standing)),
    ]
    for kind, answer in kept:
        assert answer == kind.read(kind.write(answer))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"7", b'{"id": "x"}', b"\xff", b"\x80\x04N."])
def test_what_is_no_record_is_not_read(data: bytes) -> None:
    """
    Nonsense in a shared cache is a miss, and nothing in it is ever run.
    """
    with pytest.raises(ValueError, match=r".*"):
        PART.read(data)


def test_another_shape_is_another_kind() -> None:
    """
    Two releases that disagree about a record do not read each other's answers.
    """

    @frozen
    class Shelf:
        parts: tuple[PartId, ...]

    former, shape = recorded("shelf", Shelf, "parts"), Shelf

    @frozen
    class Shelf:  # type: ignore[no-redef]
        parts: tuple[PartId, ...]
        room: timedelta | None = None

    assert former.form == recorded("shelf", shape, "parts").form
    assert former.form != recorded("shelf", Shelf, "parts").form


def test_leaderboard_depends_on_names_and_tickets() -> None:
    """
    What each remembered answer is made of is what its readers see in it.
    """
    assert {"mechanics", "tickets"} == set(LEADERBOARD.nouns)
    assert {("mechanics",)} == {MECHANIC.nouns, MECHANIC_PAGE.nouns}
    assert {("parts",)} == {PART.nouns, PART_PAGE.nouns}


def test_a_cached_store_is_a_store(store: CachedStore) -> None:
    """
    Pinging, listening and closing reach the store behind.
    """
    heard: list[frozenset[str]] = []
    store.subscribe(heard.append)
    add_part(store)
    store.ping()
    with store.read_only() as work:
        assert work.standings.top(1, ALWAYS) == ()
    store.close()

    assert [{"parts"}] == heard
