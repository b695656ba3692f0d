"""The floor of the shop: does the same everywhere, and looks at everything after each step."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from attrs import evolve
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
)

from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.inventory.part import PartForm
from mechanic_core.mechanics.leaderboard import ALL_TIME, Period
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.tickets.workflow import EDITABLE_STATUSES
from mechanic_core.unit_of_work import Store
from tests.machines import invariants
from tests.machines.inventory_model import Fields, Refusal
from tests.machines.model import Model
from tests.machines.shop_driver import ShopDriver
from tests.shops import MANAGER, ManualClock
from tests.strategies import sample

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
PERIODS = [ALL_TIME, Period(since=DAYS[1], until=DAYS[1]), Period(since=DAYS[1])]
ACTORS = {
    "m1": MANAGER,
    "m2": Actor(Role.MECHANIC, 2),
    "c1": Actor(Role.CUSTOMER, 1),
}
CREW = {"m1": "Eve", "m2": "Bob", "m3": "Cy"}

Act = Callable[[ShopDriver], object]


class DifferentialMachine(RuleBasedStateMachine):
    """A model, and one or more shops that must do as it says."""

    customers = Bundle("customers")
    tickets = Bundle("tickets")
    parts = Bundle("parts")
    lines = Bundle("lines")
    works = Bundle("works")

    def __init__(self, *stores: Store) -> None:
        """Open a shop on each store."""
        super().__init__()
        self.clock = ManualClock()
        self.model = Model()
        self.drivers = [ShopDriver(store, self.clock) for store in stores]
        self.read: list[dict[str, list[Any]]] = [{} for _ in stores]
        self.frozen: list[dict[str, Fields]] = [{} for _ in stores]
        self.hire()

    def hire(self) -> None:
        """Take the crew on."""
        for key, name in CREW.items():
            self.model.add_person("m", name)
            role = Role.MANAGER if key == "m1" else Role.MECHANIC
            hiring = sample(Hiring, name=name, email=f"{key}@shop.example", role=role)
            for driver in self.drivers:
                driver.name("m", driver.shop.hire_mechanic(MANAGER, hiring).id)

    def register_one(self) -> str:
        """Register one more customer and return what they are called."""
        key = self.model.add_person("c", "Ada")
        for driver in self.drivers:
            new = driver.shop.register_customer(
                MANAGER, sample(Registration, name="Ada", email=f"{key}@x.example")
            )
            driver.name("c", new.id)
        return key

    def shelve_one(self, by: str, sku: str, price: int, quantity: int) -> Fields | None:
        """Put a new part on the shelf."""
        form = sample(
            PartForm,
            sku=sku,
            name=f"Part at {price}",
            price=price,
            quantity=quantity,
            reorder_point=2000,
        )
        return self.do(
            lambda: self.model.shelf.add(by, sku, price, quantity, 2000),
            lambda driver: driver.shop.add_part(ACTORS[by], form),
        )

    def do(self, expected: Callable[[], Fields | None], act: Act) -> Fields | None:
        """Do the same in the model and in every shop; all outcomes, refusals too, must agree."""
        wanted: tuple[object, ...]
        done: Fields | None = None
        self.clock.pass_(minutes=1)
        try:
            done = expected()
            wanted = ("done", done)
        except Refusal as refusal:
            wanted = ("refused", refusal.code, refusal.facts)
        for driver in self.drivers:
            assert wanted == driver.outcome(act)
        return done if wanted[0] == "done" else None

    def figures(self) -> list[object]:
        """Return stock and money as every shop shows them."""
        return [
            (
                {key: (part["on_hand"], part["reserved"]) for key, part in driver.parts().items()},
                {key: ticket["totals"] for key, ticket in driver.tickets().items()},
            )
            for driver in self.drivers
        ]

    @invariant()
    def shops_are_as_they_should_be(self) -> None:
        """Compare everything shown with the model, and hold it against the invariants."""
        for place, driver in enumerate(self.drivers):
            tickets = driver.tickets()
            self._compare(driver, tickets)
            invariants.totals_are_sums_of_lines(tickets)
            invariants.reserved_is_what_open_lines_ask(driver, tickets)
            self._finished_tickets_do_not_change(self.frozen[place], tickets)
            self._histories_only_grow(driver, self.read[place])
            self._ledgers_only_grow(driver, self.read[place])

    def teardown(self) -> None:
        """Go through all books once more before the shop closes."""
        for place, driver in enumerate(self.drivers):
            self.read[place] = {}
            self._histories_only_grow(driver, self.read[place])
            self._ledgers_only_grow(driver, self.read[place])
            invariants.nothing_disagrees(driver)
            invariants.figures_explain_themselves(driver)
            for period in PERIODS:
                invariants.leaderboard_is_a_recount(driver, driver.tickets(), period)
            low = [key for key, part in driver.parts().items() if _is_low(part)]
            assert low == list(driver.parts(low_stock=True))

    def _compare(self, driver: ShopDriver, tickets: dict[str, Fields]) -> None:
        there = [key for key, one in self.model.tickets.items() if not one["removed"]]
        assert {key: self.model.shown(key) for key in there} == tickets
        shelf = self.model.shelf
        sold = [key for key, one in shelf.parts.items() if not one["archived"]]
        assert {key: shelf.shown(key) for key in sold} == driver.parts()
        assert sorted(shelf.heard) == sorted(driver.heard)
        for period in PERIODS:
            board = driver.shop.read_leaderboard(MANAGER, invariants.MOST, period)
            assert self.model.standings(*_ends(period)) == driver.shown(board)

    def _finished_tickets_do_not_change(
        self, frozen: dict[str, Fields], tickets: dict[str, Fields]
    ) -> None:
        for key, ticket in tickets.items():
            if ticket["status"] in EDITABLE_STATUSES:
                frozen.pop(key, None)
                continue
            lines = {name: ticket[name] for name in ("parts", "labor", "totals")}
            lines["staff"] = sorted(ticket["staff"])
            assert frozen.setdefault(key, lines) == lines

    def _histories_only_grow(self, driver: ShopDriver, read: dict[str, list[Any]]) -> None:
        for key, ticket in self.model.tickets.items():
            if len(read.get(key, ())) < len(ticket["history"]):
                entries = driver.history(key)
                assert ticket["history"] == [driver.shown(entry) for entry in entries]
                names = [self.model.people[entry["by"]]["name"] for entry in ticket["history"]]
                assert names == [entry.by.name for entry in entries]
                _must_continue(read.get(key, []), entries)
                read[key] = entries

    def _ledgers_only_grow(self, driver: ShopDriver, read: dict[str, list[Any]]) -> None:
        for key, part in self.model.shelf.parts.items():
            if len(read.get(key, ())) < len(part["ledger"]):
                movements = driver.movements(key)
                assert part["ledger"] == movements
                read[key] = movements
                invariants.balances_are_sums_of_movements(
                    driver, key, (part["on_hand"], part["reserved"])
                )


def _must_continue(before: Sequence[Any], after: Sequence[Any]) -> None:
    """Check that the entries read before are the first of those read now, but for the names."""
    anonymous = [evolve(entry, by=evolve(entry.by, name=None)) for entry in after]
    assert [evolve(e, by=evolve(e.by, name=None)) for e in before] == anonymous[: len(before)]
    ids = [entry.id for entry in after]
    assert sorted(set(ids)) == ids


def _ends(period: Period) -> tuple[str, str]:
    since, until = period.since, period.until
    return (since.isoformat() if since else "", until.isoformat() if until else "9999")


def _is_low(part: Fields) -> bool:
    low: bool = part["on_hand"] - part["reserved"] <= part["reorder"]
    return low
