"""The contract of what is called after a commit: `Store.subscribe`, `on_commit`, `Work.on_commit`."""

from collections.abc import Callable
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.events import read
from mechanic_adapters.conformance.samples.records import (
    ALL,
    add_customer,
    new_customer,
    new_movement,
)
from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_adapters.conformance.samples.seed import add_seed, snapshot
from mechanic_adapters.conformance.samples.threads import in_another_thread
from mechanic_adapters.conformance.store.transactions import add, names
from mechanic_core.events.event import Event
from mechanic_core.unit_of_work import Store

WRITES: Final = Write.collect("WRITES")


def failing(_: frozenset[str]) -> None:
    """Raise, as a listener with a bug does."""
    raise ZeroDivisionError("failing on purpose")


class TestListeners:
    """After each commit, listeners are called with the names of the ports that were written."""

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_names_what_was_written(self, store: Store, write: Write) -> None:
        """Each write names its nouns, and no other."""
        seed = add_seed(store)
        heard: list[frozenset[str]] = []
        store.subscribe(heard.append)

        with store.begin() as work:
            write.act(work, seed)
            assert [] == heard

        assert [write.others | {write.noun}] == heard

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_is_silent_after_a_rollback(self, store: Store, write: Write) -> None:
        """A transaction that was rolled back calls no listener."""
        seed = add_seed(store)
        heard: list[frozenset[str]] = []
        store.subscribe(heard.append)

        with rolled_back(store) as work:
            write.act(work, seed)

        assert [] == heard

    def test_names_all_nouns_at_once(self, store: Store) -> None:
        """A transaction, with the blocks that joined it, makes one call."""
        heard: list[frozenset[str]] = []
        store.subscribe(heard.append)

        seed = add_seed(store)
        with store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                inner.ledger.write([new_movement(seed.part, 5)])
            assert 1 == len(heard)

        every = {
            *("customers", "vehicles", "mechanics", "accounts", "sessions", "tickets", "parts"),
            *("estimates", "approval_links", "recommendations"),
            *("invoices", "credit_notes", "payments"),
        }
        assert [every, {"customers", "parts"}] == heard

    def test_forgets_the_nouns_of_a_rollback(self, store: Store) -> None:
        """The transaction after a rollback names its own nouns only."""
        heard: list[frozenset[str]] = []
        seed = add_seed(store)
        store.subscribe(heard.append)

        with rolled_back(store) as work:
            work.ledger.write([new_movement(seed.part, 5)])
        add_customer(store)

        assert [{"customers"}] == heard

    def test_is_silent_after_reads(self, store: Store) -> None:
        """A view, and a transaction that only reads and locks, call no listener."""
        seed = add_seed(store)
        heard: list[frozenset[str]] = []
        store.subscribe(heard.append)

        snapshot(store, seed)
        with store.begin() as work:
            snapshot(store, seed)
            work.customers.lock(seed.customer.id)
            work.parts.lock([seed.part.id])
            work.sessions.lock(seed.token.digest)

        assert [] == heard

    def test_comes_after_the_commit(self, store: Store) -> None:
        """When a listener is called, other threads can read what was written."""
        seen: list[tuple[int, list[str]]] = []
        for one in (1, 2):
            store.subscribe(
                lambda _, one=one: seen.append((one, in_another_thread(lambda: names(store))))  # type: ignore[misc]
            )

        add_customer(store, name="Ada")

        assert [(1, ["Ada"]), (2, ["Ada"])] == sorted(seen)

    def test_survives_a_failing_listener(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A listener that raises is logged; the commit stands and the others are called."""
        heard: list[frozenset[str]] = []
        store.subscribe(failing)
        store.subscribe(heard.append)

        add_customer(store, name="Ada")

        assert [{"customers"}] == heard
        assert ["Ada"] == names(store)
        assert "failing on purpose" in caplog.text


class TestEventListeners:
    """`Store.on_commit` calls its listeners once for each commit, with all its events."""

    def test_calls_once_with_all_events(self, store: Store) -> None:
        """The events are those that are read later, without their positions."""
        heard: list[tuple[Event, ...]] = []
        store.on_commit(heard.append)

        with store.begin() as work:
            work.customers.add(new_customer())
            with store.begin() as inner:
                inner.customers.add(new_customer())
            assert [] == heard

        (events,) = heard
        assert events == tuple(evolve(event, position=None) for event in read(store).events)

    def test_is_silent_without_events(self, store: Store) -> None:
        """A rollback, and a commit that changes no subject, call no listener."""
        heard: list[tuple[Event, ...]] = []
        store.on_commit(heard.append)

        with rolled_back(store) as work:
            work.customers.add(new_customer())
        read(store)

        assert [] == heard

    def test_survives_a_failing_listener(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A listener that raises is logged, and undoes nothing."""
        heard: list[tuple[Event, ...]] = []
        store.on_commit(lambda _: 1 // 0)  # type: ignore[arg-type]
        store.on_commit(heard.append)

        add_customer(store)

        assert [1, 1] == [len(heard), len(read(store).events)]
        assert "a commit hook failed" in caplog.text


class TestOnCommit:
    """Callbacks run after the outermost block has committed; never after a rollback."""

    def test_calls_back_in_order(self, store: Store) -> None:
        """Callbacks run once each, in order, after the outermost block."""
        calls: list[str] = []

        def called(name: str) -> Callable[[], None]:
            return lambda: calls.append(name)

        with store.begin() as outer:
            outer.on_commit(called("first"))
            with store.begin() as inner:
                inner.on_commit(called("second"))
            outer.on_commit(called("third"))
            assert [] == calls

        assert ["first", "second", "third"] == calls
        add_customer(store)
        assert ["first", "second", "third"] == calls

    def test_never_calls_back_after_a_rollback(self, store: Store) -> None:
        """Callbacks of a transaction that was rolled back never run, later ones included."""
        calls: list[str] = []

        with rolled_back(store) as outer:
            outer.on_commit(lambda: calls.append("outer"))
            with store.begin() as inner:
                inner.on_commit(lambda: calls.append("inner"))
        add_customer(store)

        assert [] == calls

    def test_calls_back_outside_the_transaction(self, store: Store) -> None:
        """A callback reads what was committed, and its own transactions are separate."""
        seen: list[list[str]] = []

        def follow_up() -> None:
            seen.append(in_another_thread(lambda: names(store)))
            with store.begin() as work:
                add(work, "Bo")
            with rolled_back(store) as work:
                add(work, "Lost")

        with store.begin() as work:
            work.customers.add(new_customer(name="Ada"))
            work.on_commit(follow_up)

        assert [["Ada"]] == seen
        with store.read_only() as work:
            assert ["Ada", "Bo"] == [one.name for one in work.customers.find(None, ALL).items]

    def test_survives_a_failing_callback(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A callback that raises is logged; the commit stands and the others run."""
        calls: list[str] = []

        with store.begin() as work:
            add(work, "Ada")
            work.on_commit(lambda: calls.append("first"))
            work.on_commit(lambda: failing(frozenset()))
            work.on_commit(lambda: calls.append("last"))

        assert ["first", "last"] == calls
        assert ["Ada"] == names(store)
        assert "failing on purpose" in caplog.text
