"""The contract of the `lock` methods: no other transaction changes a locked record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock
from mechanic_adapters.conformance.samples.records import LATER, add_mechanic, add_part
from mechanic_adapters.conformance.samples.seed import add_seed
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.access import Actor, Role
from mechanic_core.inventory.part import Kind
from mechanic_core.mechanics.mechanic import LastManager, Mechanic
from mechanic_core.mechanics.use_cases import LetMechanicGo
from mechanic_core.money import Quantity
from mechanic_core.unit_of_work import Store

LOCKS: Final = Lock.collect("LOCKS")
COUNTED: Final = [lock for lock in LOCKS if lock.count]
ROUNDS: Final = 10
BLOCKED_S: Final = 0.1
"""Long enough to detect a store that does not lock."""


class TestLocks:
    """A locked record cannot be changed by others until the block ends."""

    @pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
    def test_blocks_other_transactions(self, store: Store, lock: Lock) -> None:
        """A change of a locked record waits until the block with the lock has ended."""
        seed = add_seed(store)

        def change() -> str:
            with store.begin() as work:
                lock.change(work, seed)
            return "changed"

        with ThreadPoolExecutor(1) as others:
            with store.begin() as work:
                lock.act(work, seed)
                waiting = others.submit(change)
                with pytest.raises(StillWaiting):
                    waiting.result(BLOCKED_S)

            assert "changed" == waiting.result()

    @pytest.mark.parametrize("lock", COUNTED, ids=lambda lock: lock.name)
    def test_loses_no_update(self, store: Store, lock: Lock) -> None:
        """Two transactions that lock before they change build on each other's change."""
        seed = add_seed(store)

        def change_often() -> None:
            for _ in range(ROUNDS):
                with store.begin() as work:
                    lock.change(work, seed)

        assert [None, None] == in_parallel(change_often, change_often)
        with store.read_only() as work:
            for other in COUNTED:
                expected = 2 * ROUNDS * (other.change is lock.change)
                assert other.count
                assert expected == other.count(work, seed), other.name

    def test_locks_parts_in_one_order(self, store: Store) -> None:
        """Transactions that lock the same parts in different orders do not deadlock."""
        ids = [add_part(store).id for _ in "abcd"]

        def take(order: list[int]) -> None:
            for _ in range(ROUNDS):
                with store.begin() as work:
                    locked = work.parts.lock(order)
                    work.parts.save([locked[one].move(Kind.RECEIVE, Quantity(1)) for one in order])

        assert [None] * 3 == in_parallel(
            lambda: take(list(ids)),
            lambda: take(list(reversed(ids))),
            lambda: take([ids[2], ids[0], ids[3], ids[1]]),
        )
        with store.read_only() as work:
            assert {3 * ROUNDS} == {work.parts.get(one).quantity for one in ids}

    def test_leaves_one_manager(self, store: Store) -> None:
        """Of the last two managers, let go in parallel, one stays."""
        let_go = LetMechanicGo(store.begin, lambda: LATER)

        for _ in range(ROUNDS):
            one, other = (add_mechanic(store, role=Role.MANAGER) for _ in "ab")
            outcomes = in_parallel(*(_dismissal(let_go, manager) for manager in (one, other)))

            assert 1 == outcomes.count(None)
            assert 1 == sum(isinstance(outcome, LastManager) for outcome in outcomes)
            stays = one if outcomes[0] else other
            with store.begin() as work:
                work.mechanics.save(evolve(stays, role=Role.MECHANIC))


def _dismissal(let_go: LetMechanicGo, manager: Mechanic) -> Callable[[], None]:
    return lambda: let_go(Actor(Role.MANAGER, manager.id), manager.id)
