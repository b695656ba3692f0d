"""The state machine that applies each step to a model and to several shops, and compares them."""

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
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, Status
from mechanic_core.unit_of_work import Store
from tests.machines import invariants
from tests.machines.inventory_model import Fields, Refusal
from tests.machines.job_model import JobModel
from tests.machines.shop_driver import ShopDriver
from tests.shops import MANAGER, ManualClock
from tests.strategies import sample

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
BOUNDS = [date(1949, 12, 31), date(1950, 1, 1), date(2027, 3, 2), date(2027, 3, 3)]
"""The first and the last day of service, and the days outside."""

PERIODS = [ALL_TIME, Period(since=DAYS[1], until=DAYS[1]), Period(since=DAYS[1])]
ACTORS = {
    "m1": MANAGER,
    "m2": Actor(Role.MECHANIC, 2),
    "c1": Actor(Role.CUSTOMER, 1),
}
STAFF_NAMES = {"m1": "Eve", "m2": "Bob", "m3": "Cy"}

Step = Callable[[ShopDriver], object]


class DifferentialMachine(RuleBasedStateMachine):
    """A model, and one or more shops that must agree with it after each step."""

    customers = Bundle("customers")
    tickets = Bundle("tickets")
    parts = Bundle("parts")
    part_lines = Bundle("part_lines")
    labor_lines = Bundle("labor_lines")
    charges = Bundle("charges")
    jobs = Bundle("jobs")

    def __init__(self, *stores: Store) -> None:
        """Build a shop on each store."""
        super().__init__()
        self.clock = ManualClock()
        self.model = JobModel()
        self.drivers = [ShopDriver(store, self.clock) for store in stores]
        self.read: list[dict[str, list[Any]]] = [{} for _ in stores]
        self.frozen: list[dict[str, Fields]] = [{} for _ in stores]
        self.hire_staff()

    def hire_staff(self) -> None:
        """Hire the mechanics."""
        for key, name in STAFF_NAMES.items():
            self.model.add_person("m", name)
            role = Role.MANAGER if key == "m1" else Role.MECHANIC
            hiring = sample(Hiring, name=name, email=f"{key}@shop.example", role=role)
            for driver in self.drivers:
                driver.name("m", driver.shop.hire_mechanic(MANAGER, hiring).id)

    def register_one(self) -> str:
        """Register one more customer and return their name in the model."""
        key = self.model.add_person("c", "Ada")
        for driver in self.drivers:
            new = driver.shop.register_customer(
                MANAGER, sample(Registration, name="Ada", email=f"{key}@x.example")
            )
            driver.name("c", new.id)
        return key

    def add_one_part(self, by: str, sku: str, price: int, quantity: int) -> Fields | None:
        """Add a part to the inventory."""
        form = sample(
            PartForm,
            sku=sku,
            name=f"Part at {price}",
            price=price,
            quantity=quantity,
            reorder_point=2000,
        )
        return self.apply(
            lambda: self.model.inventory.add(by, sku, price, quantity, 2000),
            lambda driver: driver.shop.add_part(ACTORS[by], form),
        )

    def apply(self, expected: Callable[[], Fields | None], step: Step) -> Fields | None:
        """Apply a step to the model and to every shop; outcomes, refusals included, must agree."""
        expected_outcome: tuple[object, ...]
        done: Fields | None = None
        self.clock.advance(minutes=1)
        try:
            done = expected()
            expected_outcome = ("done", done)
        except Refusal as refusal:
            expected_outcome = ("refused", refusal.code, refusal.facts)
        for driver in self.drivers:
            assert expected_outcome == driver.outcome(step)
        return done if expected_outcome[0] == "done" else None

    def stock_and_totals(self) -> list[object]:
        """Return the stock and the totals of tickets in every shop."""
        return [
            (
                {key: (part["on_hand"], part["reserved"]) for key, part in driver.parts().items()},
                {key: ticket["totals"] for key, ticket in driver.tickets().items()},
            )
            for driver in self.drivers
        ]

    @invariant()
    def shops_agree_with_the_model(self) -> None:
        """Compare every record with the model, and check the invariants."""
        for place, driver in enumerate(self.drivers):
            tickets = driver.tickets()
            self._compare(driver, tickets)
            invariants.totals_are_sums_of_lines(tickets)
            invariants.totals_are_those_of_the_price(driver, tickets)
            invariants.lines_are_on_jobs_of_their_ticket(tickets)
            invariants.reserved_is_the_sum_of_open_lines(driver, tickets)
            invariants.credit_is_kept(tickets)
            invariants.archived_parts_are_not_in_use(driver, tickets)
            self._finished_tickets_do_not_change(self.frozen[place], tickets)
            self._histories_only_grow(driver, self.read[place])
            self._ledgers_only_grow(driver, self.read[place])

    def teardown(self) -> None:
        """Check histories, ledgers, the leaderboard and low stock at the end of a run."""
        for place, driver in enumerate(self.drivers):
            self.read[place] = {}
            self._histories_only_grow(driver, self.read[place])
            self._ledgers_only_grow(driver, self.read[place])
            invariants.stock_agrees_with_the_ledger(driver)
            invariants.leaderboard_matches_worked_tickets(driver)
            for period in PERIODS:
                invariants.leaderboard_is_a_recount(driver, driver.tickets(), period)
            low = [key for key, part in driver.parts().items() if _is_low(part)]
            assert low == list(driver.parts(low_stock=True))

    def _compare(self, driver: ShopDriver, tickets: dict[str, Fields]) -> None:
        present = [key for key, one in self.model.tickets.items() if not one["removed"]]
        assert {key: self.model.describe(key) for key in present} == tickets
        inventory = self.model.inventory
        for archived in (False, True):
            parts = [key for key, one in inventory.parts.items() if one["archived"] is archived]
            described = {key: inventory.describe(key) for key in parts}
            assert described == driver.parts(archived=archived)
        assert sorted(inventory.low_stock_events) == sorted(driver.low_stock_events)
        for period in PERIODS:
            board = driver.shop.read_leaderboard(MANAGER, invariants.MOST, period)
            assert self.model.standings(*_bounds(period)) == driver.describe(board)

    def _finished_tickets_do_not_change(
        self, frozen: dict[str, Fields], tickets: dict[str, Fields]
    ) -> None:
        for key, ticket in tickets.items():
            if ticket["status"] in EDITABLE_STATUSES:
                continue
            history = self.model.tickets[key]["history"]
            starts = sum(entry["to"] == Status.IN_PROGRESS for entry in history)
            names = ("jobs", "parts", "labor", "charges", "discounts", "totals")
            lines = {name: ticket[name] for name in names}
            lines["staff"] = sorted(ticket["staff"])
            assert frozen.setdefault(f"{key}, started {starts} times", lines) == lines

    def _histories_only_grow(self, driver: ShopDriver, read: dict[str, list[Any]]) -> None:
        for key, ticket in self.model.tickets.items():
            if len(read.get(key, ())) < len(ticket["history"]):
                entries = driver.history(key)
                assert ticket["history"] == [driver.describe(entry) for entry in entries]
                names = [self.model.people[entry["by"]]["name"] for entry in ticket["history"]]
                assert names == [entry.by.name for entry in entries]
                _check_continues(read.get(key, []), entries)
                read[key] = entries

    def _ledgers_only_grow(self, driver: ShopDriver, read: dict[str, list[Any]]) -> None:
        for key, part in self.model.inventory.parts.items():
            if len(read.get(key, ())) < len(part["ledger"]):
                movements = driver.movements(key)
                assert part["ledger"] == movements
                read[key] = movements
                invariants.balances_are_sums_of_movements(
                    driver, key, (part["on_hand"], part["reserved"])
                )


def _check_continues(before: Sequence[Any], after: Sequence[Any]) -> None:
    """Check that the entries read before are the first of those read now, apart from names."""
    anonymous = [evolve(entry, by=evolve(entry.by, name=None)) for entry in after]
    assert [evolve(e, by=evolve(e.by, name=None)) for e in before] == anonymous[: len(before)]
    ids = [entry.id for entry in after]
    assert sorted(set(ids)) == ids


def _bounds(period: Period) -> tuple[str, str]:
    since, until = period.since, period.until
    return (since.isoformat() if since else "", until.isoformat() if until else "9999")


def _is_low(part: Fields) -> bool:
    low: bool = part["on_hand"] - part["reserved"] <= part["reorder"]
    return low
