"""The contract of versions and unique values: of several conflicting writes, one succeeds."""

import time
from typing import Final

import pytest

from mechanic_adapters.conformance.samples.declarations import UniqueValue, Write
from mechanic_adapters.conformance.samples.records import add_customer
from mechanic_adapters.conformance.samples.seed import add_seed, snapshot
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.conformance.store.transactions import names
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.unit_of_work import Store

THREADS: Final = 8
LONG_S: Final = 1.0
"""A store may answer `Unavailable` after this time, and no sooner."""

SAVES: Final = [write for write in Write.collect("WRITES") if write.name.endswith(".save")]
UNIQUE_VALUES: Final = UniqueValue.collect("UNIQUE_VALUES")


class TestOptimisticLocking:
    """Saving a record requires its current version."""

    @pytest.mark.parametrize("save", SAVES, ids=lambda save: save.name)
    def test_refuses_an_old_version(self, store: Store, save: Write) -> None:
        """Of two changes of the same version, the second is refused and changes nothing."""
        seed = add_seed(store)
        with store.begin() as work:
            save.act(work, seed)
        before = snapshot(store, seed)

        with pytest.raises(LostRace), store.begin() as work:
            save.act(work, seed)

        assert before == snapshot(store, seed)

    @pytest.mark.parametrize("save", SAVES, ids=lambda save: save.name)
    def test_lets_one_save_of_a_version_win(self, store: Store, save: Write) -> None:
        """Of eight threads that save the same version in parallel, exactly one succeeds."""
        seed = add_seed(store)

        def attempt() -> str:
            with store.begin() as work:
                save.act(work, seed)
            return "won"

        outcomes = in_parallel(*[attempt] * THREADS)

        assert 1 == outcomes.count("won")
        assert THREADS - 1 == sum(isinstance(outcome, LostRace) for outcome in outcomes)


class TestUniqueValues:
    """Two records cannot have the same unique value."""

    @pytest.mark.parametrize("unique", UNIQUE_VALUES, ids=lambda unique: unique.name)
    def test_gives_a_unique_value_to_one(self, store: Store, unique: UniqueValue) -> None:
        """Of eight threads that take the same e-mail, VIN or SKU in parallel, one succeeds.

        On a slow machine a thread that waited long may get `Unavailable`; its retry gets one of
        the two answers.
        """
        seed = add_seed(store)

        def attempt() -> str:
            began = time.monotonic()
            try:
                with store.begin() as work:
                    unique.act(work, seed)
            except Unavailable:
                if time.monotonic() - began < LONG_S:
                    raise
                return attempt()
            return "won"

        outcomes = in_parallel(*[attempt] * THREADS)

        assert 1 == outcomes.count("won")
        assert THREADS - 1 == sum(isinstance(outcome, unique.refusal) for outcome in outcomes)

    def test_adds_all_that_differ(self, store: Store) -> None:
        """Eight threads that add different records all succeed, each with its own id."""
        outcomes = in_parallel(*[lambda: add_customer(store).id] * THREADS)

        assert len(names(store)) == len(set(outcomes)) == THREADS
