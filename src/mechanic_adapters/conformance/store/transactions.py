"""The contract of transactions: leaving the block commits, raising rolls back."""

import contextvars
from contextlib import suppress
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import UniqueValue, Write
from mechanic_adapters.conformance.samples.records import ALL, UNKNOWN, add_customer, new_customer
from mechanic_adapters.conformance.samples.rollback import Rollback, rolled_back
from mechanic_adapters.conformance.samples.seed import add_seed, snapshot
from mechanic_adapters.conformance.samples.threads import in_another_thread
from mechanic_core.customers.customer import CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.errors import LostRace
from mechanic_core.unit_of_work import LeftElsewhereError, Store, Work

WRITES: Final = Write.collect("WRITES")


def add(work: Work, name: str) -> None:
    """Add a customer called *name*."""
    work.customers.add(new_customer(name=name))


def names(store: Store) -> list[str]:
    """Return the names of all customers."""
    with store.read_only() as work:
        return [customer.name for customer in work.customers.find(None, ALL).items]


class TestTransactions:
    """Leaving the block commits, raising rolls back."""

    def test_answers_a_ping(self, store: Store) -> None:
        """A store that can be reached raises nothing."""
        store.ping()

    def test_starts_empty(self, store: Store) -> None:
        """The fixture yields an empty store."""
        assert [] == names(store)

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_commits_what_a_block_wrote(self, store: Store, write: Write) -> None:
        """After the block, other threads read what was written."""
        seed = add_seed(store)
        before = snapshot(store, seed)

        with store.begin() as work:
            write.act(work, seed)
            inside = snapshot(store, seed)

        assert inside == in_another_thread(lambda: snapshot(store, seed))
        is_listed = write.name not in {"sessions.start", "sessions.rotate", "number of a series"}
        assert (before != inside) is (
            is_listed and write.noun not in {"password_resets", "outgoing_mails"}
        )

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_rolls_back_what_a_raising_block_wrote(self, store: Store, write: Write) -> None:
        """Raising undoes every kind of write."""
        seed = add_seed(store)
        before = snapshot(store, seed)

        with rolled_back(store) as work:
            write.act(work, seed)

        assert before == snapshot(store, seed)
        with store.begin() as work:
            assert (seed.session, seed.token) == work.sessions.lock(seed.token.digest)

    def test_raises_what_the_block_raised(self, store: Store) -> None:
        """An exception, of the shop or of Python, leaves the block unchanged."""

        def end(error: Exception) -> None:
            with store.begin() as work:
                add(work, "Lost")
                raise error

        for error in (Rollback("why"), CustomerNotFound("why"), ZeroDivisionError("why")):
            with pytest.raises(type(error)) as raised:
                end(error)
            assert error is raised.value

        assert [] == names(store)

    def test_rolls_back_everything_on_a_refusal(self, store: Store) -> None:
        """A refusal that leaves the block undoes what was written before it."""
        add_customer(store, name="Ada", email="ada@example.com")

        with suppress(EmailTaken), store.begin() as work:
            add(work, "Bo")
            work.customers.add(new_customer(email="ada@example.com"))

        assert ["Ada"] == names(store)

    @pytest.mark.parametrize(
        "unique", UniqueValue.collect("UNIQUE_VALUES"), ids=lambda one: one.name
    )
    def test_goes_on_after_a_refusal_that_is_caught(
        self, store: Store, unique: UniqueValue
    ) -> None:
        """A refused statement changes nothing; what came before and after it is committed."""
        seed = add_seed(store)

        with store.begin() as work:
            unique.act(work, seed)
            before = snapshot(store, seed)
            for _ in "ab":
                with pytest.raises(unique.refusal):
                    unique.act(work, seed)
            assert before == snapshot(store, seed)
            add(work, "After")

        assert "After" in names(store)
        with store.begin() as work, pytest.raises(unique.refusal):
            unique.act(work, seed)

    def test_goes_on_after_a_rollback(self, store: Store) -> None:
        """A rollback leaves nothing behind that stops the next transaction."""
        for _ in range(20):
            with rolled_back(store) as work:
                add(work, "Lost")
        add_customer(store, name="Present")

        assert ["Present"] == names(store)

    def test_reads_its_own_writes(self, store: Store) -> None:
        """Inside a block, it and its views read what it has written so far."""
        with store.begin() as work:
            added = work.customers.add(new_customer(name="Ada"))

            assert added == work.customers.get(added.id)
            assert ["Ada"] == names(store)

    def test_isolates_its_writes_until_the_commit(self, store: Store) -> None:
        """Other threads read nothing of a block before it has ended."""
        with store.begin() as work:
            add(work, "Ada")

            assert [] == in_another_thread(lambda: names(store))

        assert ["Ada"] == in_another_thread(lambda: names(store))

    def test_joins_the_block_around_it(self, store: Store) -> None:
        """A block inside a block reads its writes, and adds to them."""
        with store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                assert ["Ada"] == names(store)
                add(inner, "Bo")
            assert ["Ada", "Bo"] == [one.name for one in outer.customers.find(None, ALL).items]
            assert [] == in_another_thread(lambda: names(store))

        assert ["Ada", "Bo"] == names(store)

    def test_rolls_back_a_joined_block_with_the_outer_one(self, store: Store) -> None:
        """What an inner block wrote is undone when the outermost one raises after it."""
        with rolled_back(store), store.begin() as inner:
            add(inner, "Ada")

        assert [] == names(store)

    def test_rolls_back_all_when_an_inner_block_raises_through(self, store: Store) -> None:
        """Raising through both blocks undoes what both wrote."""
        with suppress(Rollback), store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                add(inner, "Bo")
                raise Rollback

        assert [] == names(store)

    def test_commits_all_when_an_inner_refusal_is_caught(self, store: Store) -> None:
        """The outermost block decides: a refusal that is caught inside it undoes nothing."""
        with store.begin() as outer:
            add(outer, "Ada")
            with suppress(CustomerNotFound), store.begin() as inner:
                add(inner, "Bo")
                inner.customers.get(CustomerId(UNKNOWN))
            add(outer, "Cy")

        assert ["Ada", "Bo", "Cy"] == names(store)

    def test_rolls_back_after_a_race_lost_inside(self, store: Store) -> None:
        """`LostRace` in a joined block fails the whole transaction, even if it is caught."""
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

    def test_opens_a_new_transaction_after_the_outermost(self, store: Store) -> None:
        """The block after an outermost one is a transaction of its own."""
        with store.begin(), store.begin() as work:
            add(work, "Ada")
        with rolled_back(store) as work:
            add(work, "Bo")

        assert ["Ada"] == names(store)

    def test_reads_without_a_transaction(self, store: Store) -> None:
        """A view reads what was committed before it, and raises the same refusals."""
        ada = add_customer(store)

        with store.read_only() as work, store.read_only() as inner:
            assert ada == work.customers.get(ada.id) == inner.customers.get(ada.id)
            with pytest.raises(CustomerNotFound):
                work.customers.get(CustomerId(UNKNOWN))

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_refuses_writes_in_a_view(self, store: Store, write: Write) -> None:
        """Writing in a view raises `RuntimeError`, and writes nothing."""
        seed = add_seed(store)
        before = snapshot(store, seed)

        with pytest.raises(RuntimeError), store.read_only() as work:
            write.act(work, seed)

        assert before == snapshot(store, seed)
        with store.begin() as work:
            assert (seed.session, seed.token) == work.sessions.lock(seed.token.digest)


class TestContexts:
    """A transaction belongs to the context in which its block was entered."""

    def test_refuses_a_block_that_is_left_elsewhere(self, store: Store) -> None:
        """A block that is left in another context is rolled back, and the store goes on."""
        block = store.begin()
        contextvars.copy_context().run(block.__enter__).customers.add(new_customer(name="Lost"))

        with pytest.raises(LeftElsewhereError):
            block.__exit__(None, None, None)
        add_customer(store, name="Ada")

        assert ["Ada"] == names(store)

    def test_leaves_a_raising_block_elsewhere(self, store: Store) -> None:
        """A block that raises is rolled back in any context."""
        block = store.begin()
        contextvars.copy_context().run(block.__enter__).customers.add(new_customer(name="Lost"))
        error = Rollback()

        assert not block.__exit__(Rollback, error, None)
        add_customer(store, name="Ada")

        assert ["Ada"] == names(store)

    def test_does_not_join_a_transaction_that_is_over(self, store: Store) -> None:
        """A context that was copied inside a block opens transactions of its own after it."""
        with store.begin() as work:
            add(work, "Ada")
            copied = contextvars.copy_context()

        copied.run(add_customer, store, name="Bo")

        assert ["Ada", "Bo"] == names(store)
