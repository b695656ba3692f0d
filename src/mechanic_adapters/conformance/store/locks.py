"""The contract of holding: kept from others' changes until the transaction ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from typing import Final

import pytest
from attrs import evolve, frozen

from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    add_mechanic,
    add_part,
    new_entry,
    new_movement,
    new_token,
)
from mechanic_adapters.conformance.samples.seed import Seed, seeded
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.conformance.tickets import labor
from mechanic_core.access import Actor, Role
from mechanic_core.inventory.part import Kind
from mechanic_core.mechanics.mechanic import LastManager, Mechanic
from mechanic_core.mechanics.use_cases import LetMechanicGo
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.unit_of_work import Store, Work

ROUNDS: Final = 10
A_MOMENT: Final = 0.1
"""Long enough for a store that keeps nobody out to be found out, in seconds."""


@frozen
class Hold:
    """One way to hold a record, and a change of that record by somebody who holds it too."""

    name: str
    act: Callable[[Work, Seed], object]
    change: Callable[[Work, Seed], object]


def _greet(work: Work, seed: Seed) -> None:
    customer = work.customers.lock(seed.customer.id)
    work.customers.save(evolve(customer, name=customer.name + "!"))


def _drive(work: Work, seed: Seed) -> None:
    vehicle = work.vehicles.lock(seed.vehicle.id)
    work.vehicles.save(evolve(vehicle, odometer=(vehicle.odometer or 0) + 1))


def _rename(work: Work, seed: Seed) -> None:
    mechanic, _ = work.mechanics.lock(seed.mechanic.id)
    work.mechanics.save(evolve(mechanic, name=mechanic.name + "!"))


def _work_on(work: Work, seed: Seed) -> None:
    ticket = work.tickets.lock(seed.ticket.id)
    work.tickets.save(ticket.with_labor(labor(), AT), new_entry())


def _hold_with(work: Work, seed: Seed) -> None:
    work.tickets.lock_with_mechanics(seed.ticket.id, [seed.mechanic.id])


def _receive(work: Work, seed: Seed) -> None:
    part = work.parts.lock([seed.part.id])[seed.part.id]
    work.ledger.write([new_movement(part, 1)])
    work.parts.save([part.moved(Kind.RECEIVE, Quantity(1))])


def _refresh(work: Work, seed: Seed) -> None:
    assert work.sessions.lock(seed.token.digest)
    work.sessions.rotate(seed.token.used(LATER), new_token(seed.session))


HOLDS: Final = (
    Hold("customers.hold", lambda work, seed: work.customers.lock(seed.customer.id), _greet),
    Hold("vehicles.hold", lambda work, seed: work.vehicles.lock(seed.vehicle.id), _drive),
    Hold("mechanics.hold", lambda work, seed: work.mechanics.lock(seed.mechanic.id), _rename),
    Hold(
        "mechanics.lock_shared",
        lambda work, seed: work.mechanics.lock_shared([seed.mechanic.id]),
        _rename,
    ),
    Hold("tickets.hold", lambda work, seed: work.tickets.lock(seed.ticket.id), _work_on),
    Hold("tickets.lock_with_mechanics", _hold_with, _work_on),
    Hold("tickets.lock_with_mechanics, mechanics", _hold_with, _rename),
    Hold("parts.hold", lambda work, seed: work.parts.lock([seed.part.id]), _receive),
    Hold("sessions.hold", lambda work, seed: work.sessions.lock(seed.token.digest), _refresh),
)


class TestHolds:
    """A held record waits for its holder's block to end."""

    @pytest.mark.parametrize("hold", HOLDS, ids=lambda hold: hold.name)
    def test_keeps_others_out(self, store: Store, hold: Hold) -> None:
        """Whoever wants to change a held record waits until its holder's block has ended."""
        seed = seeded(store)

        def change() -> str:
            with store.begin() as work:
                hold.change(work, seed)
            return "changed"

        with ThreadPoolExecutor(1) as others:
            with store.begin() as work:
                hold.act(work, seed)
                waiting = others.submit(change)
                with pytest.raises(StillWaiting):
                    waiting.result(A_MOMENT)

            assert "changed" == waiting.result()

    @pytest.mark.parametrize("hold", HOLDS[:-1], ids=lambda hold: hold.name)
    def test_loses_no_change(self, store: Store, hold: Hold) -> None:
        """Two who hold before they change take turns: each change builds on the one before."""
        seed = seeded(store)

        def change_often() -> None:
            for _ in range(ROUNDS):
                with store.begin() as work:
                    hold.change(work, seed)

        assert [None, None] == in_parallel(change_often, change_often)
        with store.read_only() as work:
            customer = work.customers.get(seed.customer.id)
            vehicle = work.vehicles.get(seed.vehicle.id)
            mechanic = work.mechanics.get(seed.mechanic.id)
            ticket = work.tickets.get(seed.ticket.id)
            part = work.parts.get(seed.part.id)
            movements = work.ledger.of(part.id, PageRequest(size=1000)).items
        changes = {
            _greet: customer.name.count("!"),
            _drive: vehicle.odometer or 0,
            _rename: mechanic.name.count("!"),
            _work_on: len(ticket.labor),
            _receive: sum(movement.on_hand_change for movement in movements),
        }
        assert {change: 2 * ROUNDS * (change is hold.change) for change in changes} == changes
        assert sum(movement.on_hand_change for movement in movements) == part.quantity

    def test_locks_parts_in_one_order(self, store: Store) -> None:
        """Two who ask for the same parts in opposite orders never wait for each other for good."""
        ids = [add_part(store).id for _ in "abcd"]

        def take(order: list[int]) -> None:
            for _ in range(ROUNDS):
                with store.begin() as work:
                    held = work.parts.lock(order)
                    work.parts.save([held[one].moved(Kind.RECEIVE, Quantity(1)) for one in order])

        assert [None] * 3 == in_parallel(
            lambda: take(list(ids)),
            lambda: take(list(reversed(ids))),
            lambda: take([ids[2], ids[0], ids[3], ids[1]]),
        )
        with store.read_only() as work:
            assert {3 * ROUNDS} == {work.parts.get(one).quantity for one in ids}

    def test_leaves_one_manager(self, store: Store) -> None:
        """Of two managers who are let go at once, one stays."""
        let_go = LetMechanicGo(store.begin, lambda: LATER)

        for _ in range(ROUNDS):
            one, other = (add_mechanic(store, role=Role.MANAGER) for _ in "ab")
            outcomes = in_parallel(*(_letting_go(let_go, manager) for manager in (one, other)))

            assert 1 == outcomes.count(None)
            assert 1 == sum(isinstance(outcome, LastManager) for outcome in outcomes)
            stays = one if outcomes[0] else other
            with store.begin() as work:
                work.mechanics.save(evolve(stays, role=Role.MECHANIC))


def _letting_go(let_go: LetMechanicGo, manager: Mechanic) -> Callable[[], None]:
    return lambda: let_go(Actor(Role.MANAGER, manager.id), manager.id)
