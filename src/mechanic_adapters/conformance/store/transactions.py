"""The contract of `Begin`: leaving the block keeps the work, raising drops it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import ALL, UNKNOWN, add_customer, new_customer
from mechanic_adapters.conformance.samples.seed import CLASHES, WRITES, Write, seeded, snapshot
from mechanic_adapters.conformance.samples.threads import in_another_thread
from mechanic_core.customers.customer import CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.errors import LostRace
from mechanic_core.unit_of_work import Store, Work


class Dropped(Exception):
    """Ends a block so that its work is dropped."""


@contextmanager
def dropped(store: Store) -> Iterator[Work]:
    """Open a transaction whose work is dropped at the end of the block."""
    with suppress(Dropped), store.begin() as work:
        yield work
        raise Dropped


def add(work: Work, name: str) -> None:
    """Add a customer called *name*."""
    work.customers.add(new_customer(name=name))


def names(store: Store) -> list[str]:
    """Return the names of all customers."""
    with store.read_only() as work:
        return [customer.name for customer in work.customers.find(None, ALL).items]


class TestTransactions:
    """Leaving the block keeps the work, raising drops it."""

    def test_answers_a_ping(self, store: Store) -> None:
        """A store that is there says so without a refusal."""
        store.ping()

    def test_starts_empty(self, store: Store) -> None:
        """The fixture gives a store in which nothing is kept."""
        assert [] == names(store)

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_keeps_what_a_block_did(self, store: Store, write: Write) -> None:
        """Leaving the block keeps every kind of write: other threads see it."""
        seed = seeded(store)
        before = snapshot(store, seed)

        with store.begin() as work:
            write.act(work, seed)
            inside = snapshot(store, seed)

        assert inside == in_another_thread(lambda: snapshot(store, seed))
        assert (before == inside) is (write.name in {"sessions.start", "sessions.rotate"})

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_drops_what_a_raising_block_did(self, store: Store, write: Write) -> None:
        """Raising drops every kind of write."""
        seed = seeded(store)
        before = snapshot(store, seed)

        with dropped(store) as work:
            write.act(work, seed)

        assert before == snapshot(store, seed)
        with store.begin() as work:
            assert (seed.session, seed.token) == work.sessions.lock(seed.token.digest)

    def test_lets_what_is_raised_through(self, store: Store) -> None:
        """Whatever ends a block, of the shop or of Python, comes out of it unchanged."""

        def end(error: Exception) -> None:
            with store.begin() as work:
                add(work, "Lost")
                raise error

        for error in (Dropped("why"), CustomerNotFound("why"), ZeroDivisionError("why")):
            with pytest.raises(type(error)) as raised:
                end(error)
            assert error is raised.value

        assert [] == names(store)

    def test_drops_everything_on_a_refusal(self, store: Store) -> None:
        """A refusal that leaves the block takes along what was done before it."""
        add_customer(store, name="Ada", email="ada@example.com")

        with suppress(EmailTaken), store.begin() as work:
            add(work, "Bo")
            work.customers.add(new_customer(email="ada@example.com"))

        assert ["Ada"] == names(store)

    @pytest.mark.parametrize("what", CLASHES)
    def test_goes_on_after_a_refusal_that_is_caught(self, store: Store, what: str) -> None:
        """What is refused leaves nothing, and what the block did before and after it is kept."""
        clash, refusal = CLASHES[what]
        seed = seeded(store)

        with store.begin() as work:
            clash(work, seed)
            before = snapshot(store, seed)
            for _ in "ab":
                with pytest.raises(refusal):
                    clash(work, seed)
            assert before == snapshot(store, seed)
            add(work, "After")

        assert "After" in names(store)
        with store.begin() as work, pytest.raises(refusal):
            clash(work, seed)

    def test_goes_on_after_a_dropped_block(self, store: Store) -> None:
        """What was dropped leaves nothing behind that stops the next block."""
        for _ in range(20):
            with dropped(store) as work:
                add(work, "Lost")
        add_customer(store, name="Kept")

        assert ["Kept"] == names(store)

    def test_sees_its_own_work(self, store: Store) -> None:
        """Inside a block what it has done so far is there, for looks too."""
        with store.begin() as work:
            added = work.customers.add(new_customer(name="Ada"))

            assert added == work.customers.get(added.id)
            assert ["Ada"] == names(store)

    def test_hides_its_work_until_the_end(self, store: Store) -> None:
        """Nobody else sees what a block does before it has ended."""
        with store.begin() as work:
            add(work, "Ada")

            assert [] == in_another_thread(lambda: names(store))

        assert ["Ada"] == in_another_thread(lambda: names(store))

    def test_joins_the_block_around_it(self, store: Store) -> None:
        """A block inside a block sees its work, and adds to it."""
        with store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                assert ["Ada"] == names(store)
                add(inner, "Bo")
            assert ["Ada", "Bo"] == [one.name for one in outer.customers.find(None, ALL).items]
            assert [] == in_another_thread(lambda: names(store))

        assert ["Ada", "Bo"] == names(store)

    def test_drops_joined_work_with_the_block_around_it(self, store: Store) -> None:
        """What an inner block did is dropped when the outermost one raises after it."""
        with dropped(store), store.begin() as inner:
            add(inner, "Ada")

        assert [] == names(store)

    def test_drops_all_when_an_inner_block_raises_through(self, store: Store) -> None:
        """Raising through both blocks drops what both did."""
        with suppress(Dropped), store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                add(inner, "Bo")
                raise Dropped

        assert [] == names(store)

    def test_keeps_all_when_an_inner_refusal_is_caught(self, store: Store) -> None:
        """The outermost block decides: a refusal caught inside it drops nothing."""
        with store.begin() as outer:
            add(outer, "Ada")
            with suppress(CustomerNotFound), store.begin() as inner:
                add(inner, "Bo")
                inner.customers.get(CustomerId(UNKNOWN))
            add(outer, "Cy")

        assert ["Ada", "Bo", "Cy"] == names(store)

    def test_keeps_nothing_of_a_block_that_lost_a_race_inside(self, store: Store) -> None:
        """A race lost in a joined block is lost for all, even if somebody catches it."""
        ada = add_customer(store, name="Ada")

        def lose() -> None:
            with store.begin() as inner:
                inner.customers.save(evolve(ada, name="Changed"))
                inner.customers.save(evolve(ada, name="Changed again"))

        def lose_twice() -> None:
            with store.begin() as outer:
                add(outer, "Bo")
                for _ in "ab":  # the second try must not build on what the first one left
                    with suppress(LostRace):
                        lose()

        with pytest.raises(LostRace):
            lose_twice()

        assert ["Ada"] == names(store)

    def test_opens_another_after_the_outermost(self, store: Store) -> None:
        """After the outermost block the next one is a transaction of its own."""
        with store.begin(), store.begin() as work:
            add(work, "Ada")
        with dropped(store) as work:
            add(work, "Bo")

        assert ["Ada"] == names(store)

    def test_looks_without_a_transaction(self, store: Store) -> None:
        """A look sees what was kept before it, and refuses like a block does."""
        ada = add_customer(store)

        with store.read_only() as work, store.read_only() as inner:
            assert ada == work.customers.get(ada.id) == inner.customers.get(ada.id)
            with pytest.raises(CustomerNotFound):
                work.customers.get(CustomerId(UNKNOWN))

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_writes_nothing_in_a_look(self, store: Store, write: Write) -> None:
        """Writing in a look is a mistake of the program: it raises, and nothing is kept."""
        seed = seeded(store)
        before = snapshot(store, seed)

        with pytest.raises(RuntimeError), store.read_only() as work:
            write.act(work, seed)

        assert before == snapshot(store, seed)
        with store.begin() as work:
            assert (seed.session, seed.token) == work.sessions.lock(seed.token.digest)
