"""The rules of the state machine about tickets and their lines."""

from collections.abc import Collection, Sequence
from datetime import date

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, consumes, multiple, rule

from mechanic_core.customers.customer import CustomerId, CustomerMerge
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.workflow import WORKFLOW, Status
from tests.machines.differential_machine import ACTORS, BOUNDS, DAYS, DifferentialMachine
from tests.machines.inventory_model import Fields
from tests.machines.shop_driver import ShopDriver
from tests.strategies import sample

NewNames = str | MultipleResults[str]

staff_members = st.sampled_from(["m1", "m2"])
mechanics = st.sampled_from(["m1", "m2", "m3"])
quantities = st.sampled_from([1, 333, 500, 1000, 2500, 5000]) | st.integers(1, 7000)
prices = st.sampled_from([0, 1, 5, 1999]) | st.integers(0, 99_999)
notes = st.sampled_from([None, "Agreed by phone"])
rarely = st.integers(0, 9).map(lambda n: n == 9)
turn_lists = st.lists(st.integers(0, 5), min_size=2, max_size=5)
labor = st.fixed_dictionaries(
    {
        "mechanic": st.none() | mechanics,
        "description": st.sampled_from(["Brakes", "Oil"]),
        "hours": quantities,
        "rate": prices,
    }
)


class TicketRules(DifferentialMachine):
    """Rules about tickets and their lines, in any order."""

    def open_ticket(
        self, by: str, customer: str, day: date, mechanic_names: Sequence[str]
    ) -> NewNames:
        """Open a ticket; a customer names neither the customer nor mechanics."""
        return names_of(
            self.apply(
                lambda: self.model.open(by, customer, day.isoformat(), mechanic_names),
                lambda driver: driver.shop.open_ticket(
                    ACTORS[by],
                    sample(
                        TicketDraft,
                        customer_id=None if by == "c1" else driver.id(customer),
                        service_date=day,
                        mechanic_ids=None if by == "c1" else tuple(map(driver.id, mechanic_names)),
                    ),
                ),
            ),
            "ticket",
        )

    def transition(self, by: str, ticket: str, to: Status) -> Fields | None:
        """Change the status of a ticket."""
        return self.apply(
            lambda: self.model.move(by, ticket, to.value, None),
            lambda driver: driver.shop.move_ticket(
                ACTORS[by], driver.id(ticket), TransitionForm(to=to)
            ),
        )

    def compare_transitions(self, ticket: str) -> None:
        """Compare the blockers of every transition with the model's."""
        status = self.model.tickets[ticket]["status"]
        others = [to.value for to in Status if to.value != status]
        self.apply(
            lambda: {to: self.model.blockers(ticket, to) for to in others},
            lambda driver: {
                option.to.value: [blocker.code for blocker in option.blockers]
                for option in driver.shop.read_transitions(ACTORS["m1"], driver.id(ticket)).items
            },
        )

    def add_part_line(
        self, by: str, ticket: str, part: str, quantity: int, *, stale: bool
    ) -> Fields | None:
        """Add a part line to a ticket."""
        expected = len(self.model.tickets[ticket]["history"]) + stale
        return self.apply(
            lambda: self.model.add_part(by, ticket, part, quantity, stale=stale),
            lambda driver: driver.shop.add_part_line(
                ACTORS[by],
                driver.id(ticket),
                PartLineForm(part_id=driver.id(part), quantity=Quantity(quantity)),
                expected,
            ),
        )

    def change_part_line(self, by: str, line: str, quantity: int) -> Fields | None:
        """Change the quantity of a part line."""
        return self.apply(
            lambda: self.model.change_part(by, line, quantity),
            lambda driver: driver.shop.change_part_line(
                ACTORS[by],
                driver.id(self.model.owner[line]),
                driver.id(line),
                lambda form: evolve(form, quantity=Quantity(quantity)),
            ),
        )

    def remove_part_line(self, by: str, line: str) -> None:
        """Remove a part line."""
        self.apply(
            lambda: self.model.remove_part(by, line),
            lambda driver: driver.shop.remove_part_line(
                ACTORS[by], driver.id(self.model.owner[line]), driver.id(line)
            ),
        )

    def assign_mechanics(
        self, by: str, ticket: str, add: Collection[str], remove: Collection[str]
    ) -> None:
        """Assign mechanics to a ticket and remove others."""
        self.apply(
            lambda: self.model.staff(by, ticket, sorted(add), sorted(remove)),
            lambda driver: driver.shop.assign_mechanics(
                ACTORS[by],
                driver.id(ticket),
                MechanicEdit(
                    add_ids=tuple(map(driver.id, sorted(add))),
                    remove_ids=tuple(map(driver.id, sorted(remove))),
                ),
            ),
        )

    @rule(target=DifferentialMachine.customers)
    def register(self) -> str:
        """Register a customer."""
        return self.register_one()

    @rule(
        target=DifferentialMachine.customers,
        customer=consumes(DifferentialMachine.customers),
        reuse=rarely,
    )
    def erase(self, customer: str, reuse: bool) -> NewNames:  # noqa: FBT001 - drawn
        """Erase a customer; later rules rarely *reuse* one who is erased."""
        self.apply(
            lambda: self.model.erase(customer),
            lambda driver: driver.shop.erase_customer(
                ACTORS["m1"], CustomerId(driver.id(customer))
            ),
        )
        return customer if reuse or self.model.people[customer]["active"] else multiple()

    @rule(
        target=DifferentialMachine.customers,
        customer=DifferentialMachine.customers,
        other=consumes(DifferentialMachine.customers),
        reuse=rarely,
    )
    def merge(self, customer: str, other: str, reuse: bool) -> NewNames:  # noqa: FBT001 - drawn
        """Merge two customers, perhaps one into itself; later rules rarely *reuse* who is gone."""
        self.apply(
            lambda: self.model.merge("m1", customer, other),
            lambda driver: driver.shop.merge_customers(
                ACTORS["m1"],
                CustomerId(driver.id(customer)),
                CustomerMerge(from_id=driver.id(other)),
            ),
        )
        return other if reuse or self.model.people[other]["active"] else multiple()

    @rule(
        target=DifferentialMachine.tickets,
        by=st.sampled_from(sorted(ACTORS)),
        customer=DifferentialMachine.customers,
        day=st.sampled_from([*DAYS * 4, *BOUNDS]),
        mechanic_names=st.lists(mechanics, max_size=2, unique=True),
    )
    def open(self, by: str, customer: str, day: date, mechanic_names: list[str]) -> NewNames:
        """The front driver takes a vehicle in, or the first customer does for themselves."""
        return (
            self.open_ticket(by, "c1", day, [])
            if by == "c1"
            else (self.open_ticket(by, customer, day, mechanic_names))
        )

    @rule(
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        customer=DifferentialMachine.customers,
    )
    def correct_customer(self, by: str, ticket: str, customer: str) -> None:
        """Correct the customer of a ticket."""
        self.apply(
            lambda: self.model.correct(by, ticket, customer),
            lambda driver: driver.shop.change_ticket(
                ACTORS[by],
                driver.id(ticket),
                lambda form: evolve(form, customer_id=driver.id(customer)),
            ),
        )

    @rule(
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        add=st.sets(mechanics),
        remove=st.sets(mechanics),
    )
    def assign(self, by: str, ticket: str, add: set[str], remove: set[str]) -> None:
        """Assign and remove mechanics."""
        self.assign_mechanics(by, ticket, add, remove - add)

    @rule(
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        to=st.sampled_from(Status),
        note=notes,
        stale=rarely,
    )
    def move(self, by: str, ticket: str, to: Status, note: str | None, stale: bool) -> None:  # noqa: FBT001 - drawn
        """Compare the transitions of a ticket, then try any, perhaps with an old version."""
        self.compare_transitions(ticket)
        expected = len(self.model.tickets[ticket]["history"]) + stale
        self.apply(
            lambda: self.model.move(by, ticket, to.value, note, stale=stale),
            lambda driver: driver.shop.move_ticket(
                ACTORS[by], driver.id(ticket), TransitionForm(to=to, note=note), expected
            ),
        )

    @rule(by=staff_members, ticket=DifferentialMachine.tickets, turns=turn_lists)
    def move_along(self, by: str, ticket: str, turns: list[int]) -> None:
        """Follow several transitions of the workflow's table, with a mechanic assigned."""
        if not self.model.tickets[ticket]["staff"]:
            self.assign_mechanics(by, ticket, ["m2"], [])
        for turn in turns:
            status = self.model.tickets[ticket]["status"]
            if targets := [move.to for move in WORKFLOW if move.start == status]:
                self.transition(by, ticket, targets[turn % len(targets)])

    @rule(by=staff_members, ticket=DifferentialMachine.tickets)
    def finish(self, by: str, ticket: str) -> None:
        """Complete a ticket."""
        self.assign_mechanics(by, ticket, ["m2"], [])
        self.transition(by, ticket, Status.IN_PROGRESS)
        self.transition(by, ticket, Status.COMPLETED)

    @rule(
        target=DifferentialMachine.tickets,
        ticket=consumes(DifferentialMachine.tickets),
        reuse=rarely,
    )
    def remove(self, ticket: str, reuse: bool) -> NewNames:  # noqa: FBT001 - drawn
        """Remove a ticket; later rules rarely *reuse* one that is removed."""
        self.apply(
            lambda: self.model.remove("m1", ticket),
            lambda driver: driver.shop.remove_ticket(ACTORS["m1"], driver.id(ticket)),
        )
        return multiple() if self.model.tickets[ticket]["removed"] and not reuse else ticket

    @rule(
        target=DifferentialMachine.part_lines,
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        part=DifferentialMachine.parts,
        quantity=quantities,
        stale=rarely,
    )
    def add_part(self, by: str, ticket: str, part: str, quantity: int, stale: bool) -> NewNames:  # noqa: FBT001 - drawn
        """Add a part line, perhaps with an old version."""
        return names_of(self.add_part_line(by, ticket, part, quantity, stale=stale), "line")

    @rule(by=staff_members, line=DifferentialMachine.part_lines, quantity=st.just(0) | quantities)
    def change_part(self, by: str, line: str, quantity: int) -> None:
        """Change the quantity of a part line, or remove it for a quantity of 0."""
        if quantity:
            self.change_part_line(by, line, quantity)
        else:
            self.remove_part_line(by, line)

    @rule(
        target=DifferentialMachine.labor_lines,
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        labor=labor,
    )
    def add_labor(self, by: str, ticket: str, labor: Fields) -> NewNames:
        """Add a labour line."""
        return names_of(
            self.apply(
                lambda: self.model.add_labor(by, ticket, labor),
                lambda driver: driver.shop.add_labor_line(
                    ACTORS[by], driver.id(ticket), LaborLineForm(**_labor(driver, labor))
                ),
            ),
            "line",
        )

    @rule(by=staff_members, line=DifferentialMachine.labor_lines, labor=st.none() | labor)
    def change_labor(self, by: str, line: str, labor: Fields | None) -> None:
        """Change a labour line, or remove it."""
        ticket = self.model.owner[line]
        if labor is None:
            self.apply(
                lambda: self.model.remove_labor(by, line),
                lambda driver: driver.shop.remove_labor_line(
                    ACTORS[by], driver.id(ticket), driver.id(line)
                ),
            )
        else:
            self.apply(
                lambda: self.model.change_labor(by, line, labor),
                lambda driver: driver.shop.change_labor_line(
                    ACTORS[by],
                    driver.id(ticket),
                    driver.id(line),
                    lambda form: evolve(form, **_labor(driver, labor)),
                ),
            )


def _labor(driver: ShopDriver, labor: Fields) -> Fields:
    return {
        "description": labor["description"],
        "hours": Quantity(labor["hours"]),
        "rate": Money(labor["rate"]),
        "mechanic_id": labor["mechanic"] and driver.id(labor["mechanic"]),
    }


def names_of(result: Fields | None, what: str) -> NewNames:
    """Return the name of the new record, or nothing where it was refused."""
    return result[what] if result else multiple()
