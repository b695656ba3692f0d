"""The state machine: everything that people do in a shop, in any order."""

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import consumes, initialize, multiple, rule

from mechanic_core.inventory.movement import MANUAL_KINDS, MovementForm
from mechanic_core.inventory.part import Kind, PartForm
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.workflow import STATUS_CHANGES, Status
from tests.machines.differential_machine import ACTORS, DAYS, DifferentialMachine
from tests.machines.ticket_rules import (
    Made,
    TicketRules,
    hands,
    mechanics,
    notes,
    prices,
    quantities,
)

shelves = st.sampled_from([None, 0, 4000]) | st.integers(0, 9000)


class ShopMachine(TicketRules):
    """Tickets, stock and staff; and things done and undone, which must leave no trace."""

    @initialize(target=DifferentialMachine.customers)
    def morning(self) -> Made:
        """Two customers, two parts on the shelf, and a ticket for each with a line on it."""
        customers = [self.register_one(), self.register_one()]
        self.shelve_one("m1", "X", 1999, 9000)
        self.shelve_one("m1", "Y", 5, 9000)
        for number, customer in enumerate(customers, start=1):
            self.open_one("m1", customer, DAYS[number], ["m2"])
            self.put("m2", f"t{number}", f"p{number}", 500 * number, stale=False)
        return multiple(*customers)

    @initialize(target=DifferentialMachine.tickets)
    def tickets_of_the_morning(self) -> Made:
        """What the first customers brought."""
        return multiple("t1", "t2")

    @initialize(target=DifferentialMachine.parts)
    def parts_of_the_morning(self) -> Made:
        """What is on the shelf."""
        return multiple("p1", "p2")

    @initialize(target=DifferentialMachine.lines)
    def lines_of_the_morning(self) -> Made:
        """What the first tickets need."""
        return multiple("l1", "l2")

    @rule(name=st.sampled_from(["Cy", "Abe", "Bob"]), active=st.booleans())
    def change_mechanic(self, name: str, active: bool) -> None:  # noqa: FBT001 - drawn
        """The third mechanic leaves, comes back or changes their name."""
        self.model.people["m3"] = {"name": name, "active": active}
        for driver in self.drivers:
            driver.shop.change_mechanic(
                ACTORS["m1"],
                MechanicId(driver.id("m3")),
                lambda form: evolve(form, name=name, active=active),
            )

    @rule(
        by=hands,
        part=DifferentialMachine.parts,
        kind=st.sampled_from(MANUAL_KINDS),
        quantity=quantities,
        note=notes,
    )
    def move_stock(self, by: str, part: str, kind: Kind, quantity: int, note: str | None) -> None:
        """Somebody moves stock by hand."""
        self.bring(by, part, kind, quantity, note)

    @rule(
        by=hands, part=DifferentialMachine.parts, price=prices, reorder=quantities, quantity=shelves
    )
    def correct(self, by: str, part: str, price: int, reorder: int, quantity: int | None) -> None:
        """Somebody changes a part's price, and counts it or not; said again it is nothing new."""
        counted = None if quantity is None else Quantity(quantity)

        def corrected(form: PartForm) -> PartForm:
            return evolve(
                form,
                name=f"Part at {price}",
                price=Money(price),
                reorder_point=Quantity(reorder),
                quantity=counted,
            )

        for _ in range(2):
            self.do(
                lambda: self.model.shelf.change(by, part, price, reorder, quantity),
                lambda driver: driver.shop.change_part(ACTORS[by], driver.id(part), corrected),
            )

    @rule(
        target=DifferentialMachine.parts,
        by=hands,
        part=consumes(DifferentialMachine.parts),
        sku=st.sampled_from("XYZ"),
        price=prices,
        quantity=quantities,
    )
    def replace(self, by: str, part: str, sku: str, price: int, quantity: int) -> Made:
        """A part is no longer sold, and another takes its place unless its SKU is taken."""
        self.do(
            lambda: self.model.shelf.archive(part),
            lambda driver: driver.shop.archive_part(ACTORS[by], driver.id(part)),
        )
        if not self.model.shelf.parts[part]["archived"]:
            return part
        made = self.shelve_one(by, sku, price, quantity)
        return made["part"] if made else part

    @rule(by=hands, ticket=DifferentialMachine.tickets, turn=st.integers(0, 5))
    def go_and_come_back(self, by: str, ticket: str, turn: int) -> None:
        """Going on and coming back leaves stock and money as they were."""
        before = self.figures()
        here = self.model.tickets[ticket]["status"]
        if loops := [(a, b) for a, b in STATUS_CHANGES if a == here and (b, a) in STATUS_CHANGES]:
            there = loops[turn % len(loops)][1]
            if self.go(by, ticket, there):
                self.go(by, ticket, Status(here))

        assert before == self.figures()

    @rule(
        by=hands,
        ticket=DifferentialMachine.tickets,
        part=DifferentialMachine.parts,
        quantity=quantities,
    )
    def add_and_remove(self, by: str, ticket: str, part: str, quantity: int) -> None:
        """A part line that came and went leaves stock and money as they were."""
        before = self.figures()
        if line := self.put(by, ticket, part, quantity, stale=False):
            self.drop(by, line["line"])

        assert before == self.figures()

    @rule(by=hands, line=DifferentialMachine.lines, quantity=quantities)
    def change_and_restore(self, by: str, line: str, quantity: int) -> None:
        """A quantity changed and changed back leaves stock and money as they were."""
        before = self.figures()
        was = self.model.tickets[self.model.owner[line]]["parts"].get(line, {}).get("quantity")
        if self.take(by, line, quantity):
            self.take(by, line, was)

        assert before == self.figures()

    @rule(by=hands, part=DifferentialMachine.parts, quantity=quantities)
    def receive_and_scrap(self, by: str, part: str, quantity: int) -> None:
        """What was received and thrown away leaves stock as it was."""
        before = self.figures()
        if self.bring(by, part, Kind.RECEIVE, quantity):
            self.bring(by, part, Kind.SCRAP, quantity)

        assert before == self.figures()

    @rule(by=hands, ticket=DifferentialMachine.tickets, mechanic=mechanics)
    def join_and_leave(self, by: str, ticket: str, mechanic: str) -> None:
        """A mechanic who joined and left counts for nothing."""
        ticket_of = self.model.tickets[ticket]
        if mechanic not in ticket_of["staff"]:
            before = self.model.standings("", "9999")
            self.crew(by, ticket, [mechanic], [])
            self.crew(by, ticket, [], [mechanic])

            assert before == self.model.standings("", "9999")

    def bring(
        self, by: str, part: str, kind: Kind, quantity: int, note: str | None = None
    ) -> object:
        """Move stock by hand."""
        form = MovementForm(kind=kind, quantity=Quantity(quantity), note=note)
        return self.do(
            lambda: self.model.shelf.move(by, part, kind.value, quantity, note),
            lambda driver: driver.shop.move_stock(ACTORS[by], driver.id(part), form),
        )
