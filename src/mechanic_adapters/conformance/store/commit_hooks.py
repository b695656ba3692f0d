"""The contract of `subscribe` and `Work.on_commit`: told once the work is kept, and only then."""

from collections.abc import Callable

import pytest

from mechanic_adapters.conformance.samples.records import ALL, add_customer, new_customer
from mechanic_adapters.conformance.samples.seed import WRITES, Write, seeded, snapshot
from mechanic_adapters.conformance.samples.threads import in_another_thread
from mechanic_adapters.conformance.store.transactions import add, dropped, names
from mechanic_core.unit_of_work import Store


def failing(_: frozenset[str]) -> None:
    """Hear of a commit, and fail."""
    raise ZeroDivisionError("failing on purpose")


class TestSubscribers:
    """Listeners are told, after each commit, the nouns that it wrote."""

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_tells_the_noun_written(self, store: Store, write: Write) -> None:
        """Every kind of write tells its noun, and no other."""
        seed = seeded(store)
        told: list[frozenset[str]] = []
        store.subscribe(told.append)

        with store.begin() as work:
            write.act(work, seed)
            assert [] == told

        assert [frozenset({write.noun})] == told

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
    def test_tells_nothing_of_dropped_work(self, store: Store, write: Write) -> None:
        """What was not kept concerns nobody."""
        seed = seeded(store)
        told: list[frozenset[str]] = []
        store.subscribe(told.append)

        with dropped(store) as work:
            write.act(work, seed)

        assert [] == told

    def test_tells_all_nouns_at_once(self, store: Store) -> None:
        """One transaction, blocks inside it included, is told once."""
        told: list[frozenset[str]] = []
        store.subscribe(told.append)

        seed = seeded(store)
        with store.begin() as outer:
            add(outer, "Ada")
            with store.begin() as inner:
                WRITES[-1].act(inner, seed)
            assert 1 == len(told)

        every = {"customers", "vehicles", "mechanics", "accounts", "sessions", "tickets", "parts"}
        assert [every, {"customers", "parts"}] == told

    def test_forgets_the_nouns_of_dropped_work(self, store: Store) -> None:
        """The next transaction tells its own nouns only."""
        told: list[frozenset[str]] = []
        store.subscribe(told.append)
        seed = seeded(store)
        told.clear()

        with dropped(store) as work:
            WRITES[-1].act(work, seed)
        add_customer(store)

        assert [{"customers"}] == told

    def test_tells_nothing_of_reading(self, store: Store) -> None:
        """Looking, and a transaction that only reads, concern nobody."""
        seed = seeded(store)
        told: list[frozenset[str]] = []
        store.subscribe(told.append)

        snapshot(store, seed)
        with store.begin() as work:
            snapshot(store, seed)
            work.customers.lock(seed.customer.id)
            work.parts.lock([seed.part.id])
            work.sessions.lock(seed.token.digest)

        assert [] == told

    def test_tells_every_listener_what_is_kept_already(self, store: Store) -> None:
        """By the time a listener hears of it, everybody can see it."""
        seen: list[tuple[int, list[str]]] = []
        for one in (1, 2):
            store.subscribe(
                lambda _, one=one: seen.append((one, in_another_thread(lambda: names(store))))  # type: ignore[misc]
            )

        add_customer(store, name="Ada")

        assert [(1, ["Ada"]), (2, ["Ada"])] == sorted(seen)

    def test_tells_the_others_when_one_fails(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What is kept is acknowledged, and heard of by all others; the failure is logged."""
        told: list[frozenset[str]] = []
        store.subscribe(failing)
        store.subscribe(told.append)

        add_customer(store, name="Ada")

        assert [{"customers"}] == told
        assert ["Ada"] == names(store)
        assert "failing on purpose" in caplog.text


class TestAfter:
    """Callbacks run once the outermost block has kept the work; never if it drops it."""

    def test_calls_back_in_order_once_it_is_kept(self, store: Store) -> None:
        """Callbacks wait for the outermost block, and run once each, in their order."""
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

    def test_never_calls_back_for_dropped_work(self, store: Store) -> None:
        """What was not kept is not told, by a later transaction neither."""
        calls: list[str] = []

        with dropped(store) as outer:
            outer.on_commit(lambda: calls.append("outer"))
            with store.begin() as inner:
                inner.on_commit(lambda: calls.append("inner"))
        add_customer(store)

        assert [] == calls

    def test_calls_back_outside_the_transaction(self, store: Store) -> None:
        """A callback sees what was kept, and what it does itself is kept for itself."""
        seen: list[list[str]] = []

        def follow_up() -> None:
            seen.append(in_another_thread(lambda: names(store)))
            with store.begin() as work:
                add(work, "Bo")
            with dropped(store) as work:
                add(work, "Lost")

        with store.begin() as work:
            work.customers.add(new_customer(name="Ada"))
            work.on_commit(follow_up)

        assert [["Ada"]] == seen
        with store.read_only() as work:
            assert ["Ada", "Bo"] == [one.name for one in work.customers.find(None, ALL).items]

    def test_calls_the_others_back_when_one_fails(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A callback that fails takes nothing back, keeps no other waiting, and is logged."""
        calls: list[str] = []

        with store.begin() as work:
            add(work, "Ada")
            work.on_commit(lambda: calls.append("first"))
            work.on_commit(lambda: failing(frozenset()))
            work.on_commit(lambda: calls.append("last"))

        assert ["first", "last"] == calls
        assert ["Ada"] == names(store)
        assert "failing on purpose" in caplog.text
