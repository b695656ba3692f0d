"""The complete state machine: tickets, stock and mechanics, in any order of rules."""

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import consumes, initialize, multiple, rule

from mechanic_core.inventory.movement import MANUAL_KINDS, MovementForm
from mechanic_core.inventory.part import Kind, PartForm
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.workflow import STATUS_CHANGES, Status
from tests.machines.differential_machine import ACTORS, DAYS, DifferentialMachine
from tests.machines.job_rules import JobRules
from tests.machines.ticket_rules import (
    NewNames,
    mechanics,
    notes,
    prices,
    quantities,
    staff_members,
)

counts = st.sampled_from([None, 0, 4000]) | st.integers(0, 9000)


class ShopMachine(JobRules):
    """Rules about tickets, vehicles, stock and mechanics, and pairs of rules that cancel out."""

    @initialize(target=DifferentialMachine.customers)
    def initial_customers(self) -> NewNames:
        """Start with two customers, two parts, and a ticket with a part line for each customer."""
        customers = [self.register_one(), self.register_one()]
        self.add_one_part("m1", "X", 1999, 9000)
        self.add_one_part("m1", "Y", 5, 9000)
        for number, customer in enumerate(customers, start=1):
            self.open_ticket("m1", customer, DAYS[number], ["m2"])
            self.add_part_line("m2", f"t{number}", f"p{number}", 500 * number, stale=False)
        return multiple(*customers)

    @initialize(target=DifferentialMachine.tickets)
    def initial_tickets(self) -> NewNames:
        """Start with the tickets of the first customers."""
        return multiple("t1", "t2")

    @initialize(target=DifferentialMachine.parts)
    def initial_parts(self) -> NewNames:
        """Start with two parts."""
        return multiple("p1", "p2")

    @initialize(target=DifferentialMachine.part_lines)
    def initial_lines(self) -> NewNames:
        """Start with the part lines of the first tickets."""
        return multiple("l1", "l2")

    @rule(name=st.sampled_from(["Cy", "Abe", "Bob"]), active=st.booleans())
    def change_mechanic(self, name: str, active: bool) -> None:  # noqa: FBT001 - drawn
        """Rename, deactivate or reactivate the third mechanic."""
        self.model.people["m3"] = {"name": name, "active": active}
        for driver in self.drivers:
            driver.shop.change_mechanic(
                ACTORS["m1"],
                MechanicId(driver.id("m3")),
                lambda form: evolve(form, name=name, active=active),
            )

    @rule(
        by=staff_members,
        part=DifferentialMachine.parts,
        kind=st.sampled_from(MANUAL_KINDS),
        quantity=quantities,
        note=notes,
    )
    def move_stock(self, by: str, part: str, kind: Kind, quantity: int, note: str | None) -> None:
        """Adjust stock by hand."""
        self.adjust_stock(by, part, kind, quantity, note)

    @rule(
        by=staff_members,
        part=DifferentialMachine.parts,
        price=prices,
        reorder=quantities,
        quantity=counts,
        unit=st.sampled_from(["each", "each", "each", "quart"]),
    )
    def correct(  # noqa: PLR0913 - each is drawn
        self, by: str, part: str, price: int, reorder: int, quantity: int | None, unit: str
    ) -> None:
        """Change a part, perhaps with its count; the same change again has no effect."""
        counted = None if quantity is None else Quantity(quantity)
        new = {"price": price, "name": f"Part at {price}", "reorder": reorder, "unit": unit}

        def corrected(form: PartForm) -> PartForm:
            return evolve(
                form,
                name=f"Part at {price}",
                price=Money(price),
                reorder_point=Quantity(reorder),
                quantity=counted,
                unit=unit,
            )

        for _ in range(2):
            self.apply(
                lambda: self.model.inventory.change(
                    by, part, new, quantity, self.model.reserving(part)
                ),
                lambda driver: driver.shop.change_part(ACTORS[by], driver.id(part), corrected),
            )

    @rule(
        target=DifferentialMachine.parts,
        by=staff_members,
        part=consumes(DifferentialMachine.parts),
        sku=st.sampled_from("XYZ"),
        price=prices,
        quantity=st.just(0) | quantities,
        empty=st.booleans(),
    )
    def replace(  # noqa: PLR0913 - each is drawn
        self,
        by: str,
        part: str,
        sku: str,
        price: int,
        quantity: int,
        empty: bool,  # noqa: FBT001 - drawn
    ) -> NewNames:
        """Archive a part, perhaps when none is left, and add another, unless its SKU is taken."""
        if empty:
            self.adjust_stock(by, part, Kind.COUNT, 0)
        self.apply(
            lambda: self.model.archive(part),
            lambda driver: driver.shop.archive_part(ACTORS[by], driver.id(part)),
        )
        if not self.model.inventory.parts[part]["archived"]:
            return part
        made = self.add_one_part(by, sku, price, quantity)
        return made["part"] if made else part

    @rule(target=DifferentialMachine.parts, by=staff_members, turn=st.integers(0, 9))
    def restore(self, by: str, turn: int) -> NewNames:
        """Restore an archived part, unless its SKU is taken."""
        archived = [key for key, one in self.model.inventory.parts.items() if one["archived"]]
        if not archived:
            return multiple()
        part = archived[turn % len(archived)]
        restored = self.apply(
            lambda: self.model.inventory.restore(part),
            lambda driver: driver.shop.restore_part(ACTORS[by], driver.id(part)),
        )
        return part if restored else multiple()

    @rule(by=staff_members, ticket=DifferentialMachine.tickets, turn=st.integers(0, 5))
    def transition_and_reverse(self, by: str, ticket: str, turn: int) -> None:
        """A transition and its reverse leave stock unchanged, and totals while the rules stay."""
        if self.model.tickets[ticket]["rules"] not in {None, self.model.rules}:
            return
        before = self.stock_and_totals()
        status = self.model.tickets[ticket]["status"]
        if loops := [(a, b) for a, b in STATUS_CHANGES if a == status and (b, a) in STATUS_CHANGES]:
            target = loops[turn % len(loops)][1]
            if self.transition(by, ticket, target):
                self.transition(by, ticket, Status(status))

        assert before == self.stock_and_totals()

    @rule(
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        part=DifferentialMachine.parts,
        quantity=quantities,
    )
    def add_and_remove(self, by: str, ticket: str, part: str, quantity: int) -> None:
        """Adding and removing a part line leaves stock and totals unchanged."""
        before = self.stock_and_totals()
        if line := self.add_part_line(by, ticket, part, quantity, stale=False):
            self.remove_part_line(by, line["line"])

        assert before == self.stock_and_totals()

    @rule(by=staff_members, line=DifferentialMachine.part_lines, quantity=quantities)
    def change_and_restore(self, by: str, line: str, quantity: int) -> None:
        """Changing a quantity and restoring it leaves stock and totals unchanged."""
        before = self.stock_and_totals()
        before_change = (
            self.model.tickets[self.model.owner[line]]["parts"].get(line, {}).get("quantity")
        )
        if self.change_part_line(by, line, quantity):
            self.change_part_line(by, line, before_change)

        assert before == self.stock_and_totals()

    @rule(by=staff_members, part=DifferentialMachine.parts, quantity=quantities)
    def receive_and_scrap(self, by: str, part: str, quantity: int) -> None:
        """Receiving and scrapping the same quantity leaves stock unchanged."""
        before = self.stock_and_totals()
        if self.adjust_stock(by, part, Kind.RECEIVE, quantity):
            self.adjust_stock(by, part, Kind.SCRAP, quantity)

        assert before == self.stock_and_totals()

    @rule(by=staff_members, ticket=DifferentialMachine.tickets, mechanic=mechanics)
    def assign_and_remove(self, by: str, ticket: str, mechanic: str) -> None:
        """Assigning and removing a mechanic leaves the leaderboard unchanged."""
        ticket_of = self.model.tickets[ticket]
        if mechanic not in ticket_of["staff"]:
            before = self.model.standings("", "9999")
            self.assign_mechanics(by, ticket, [mechanic], [])
            self.assign_mechanics(by, ticket, [], [mechanic])

            assert before == self.model.standings("", "9999")

    def adjust_stock(
        self, by: str, part: str, kind: Kind, quantity: int, note: str | None = None
    ) -> object:
        """Adjust stock by hand."""
        form = MovementForm(kind=kind, quantity=Quantity(quantity), note=note)
        return self.apply(
            lambda: self.model.inventory.move(
                by, part, kind.value, quantity, note, self.model.reserving(part)
            ),
            lambda driver: driver.shop.move_stock(ACTORS[by], driver.id(part), form),
        )
