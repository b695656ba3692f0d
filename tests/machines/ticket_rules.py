"""What people do with tickets: rules of the state machine."""

from collections.abc import Collection, Sequence
from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, consumes, multiple, rule

from mechanic_core.customers.customer import CustomerId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.line import LaborLineForm, PartLineChange, PartLineForm
from mechanic_core.tickets.workflow import WORKFLOW, Status
from tests.machines.differential_machine import ACTORS, DAYS, DifferentialMachine
from tests.machines.inventory_model import Fields
from tests.machines.shop_driver import ShopDriver
from tests.strategies import sample

Made = str | MultipleResults[str]

hands = st.sampled_from(["m1", "m2"])
mechanics = st.sampled_from(["m1", "m2", "m3"])
quantities = st.sampled_from([1, 333, 500, 1000, 2500, 5000]) | st.integers(1, 7000)
prices = st.sampled_from([0, 1, 5, 1999]) | st.integers(0, 99_999)
notes = st.sampled_from([None, "Agreed by phone"])
rarely = st.integers(0, 9).map(lambda n: n == 9)
walks = st.lists(st.integers(0, 5), min_size=2, max_size=5)
labor = st.fixed_dictionaries(
    {
        "mechanic": st.none() | mechanics,
        "description": st.sampled_from(["Brakes", "Oil"]),
        "hours": quantities,
        "rate": prices,
    }
)


class TicketRules(DifferentialMachine):
    """What people do with tickets and their lines, in any order."""

    def open_one(self, by: str, customer: str, day: date, some: Sequence[str]) -> Made:
        """Open a ticket; customers leave out whose it is and who shall work."""
        return _made(
            self.do(
                lambda: self.model.open(by, customer, day.isoformat(), some),
                lambda driver: driver.shop.open_ticket(
                    ACTORS[by],
                    sample(
                        TicketDraft,
                        customer_id=None if by == "c1" else driver.id(customer),
                        service_date=day,
                        mechanic_ids=None if by == "c1" else tuple(map(driver.id, some)),
                    ),
                ),
            ),
            "ticket",
        )

    def go(self, by: str, ticket: str, to: Status) -> Fields | None:
        """Send a ticket to a status."""
        return self.do(
            lambda: self.model.move(by, ticket, to.value, None),
            lambda driver: driver.shop.move_ticket(
                ACTORS[by], driver.id(ticket), TransitionForm(to=to)
            ),
        )

    def look(self, ticket: str) -> None:
        """What is shown as blocked is what the model blocks."""
        status = self.model.tickets[ticket]["status"]
        others = [to.value for to in Status if to.value != status]
        self.do(
            lambda: {to: self.model.blockers(ticket, to) for to in others},
            lambda driver: {
                way.to.value: [blocker.code for blocker in way.blockers]
                for way in driver.shop.read_transitions(ACTORS["m1"], driver.id(ticket)).items
            },
        )

    def put(self, by: str, ticket: str, part: str, quantity: int, *, stale: bool) -> Fields | None:
        """Put a part on a ticket."""
        expected = len(self.model.tickets[ticket]["history"]) + stale
        return self.do(
            lambda: self.model.add_part(by, ticket, part, quantity, stale=stale),
            lambda driver: driver.shop.add_part_line(
                ACTORS[by],
                driver.id(ticket),
                PartLineForm(part_id=driver.id(part), quantity=Quantity(quantity)),
                expected,
            ),
        )

    def take(self, by: str, line: str, quantity: int) -> Fields | None:
        """Take another quantity of a part."""
        change = PartLineChange(quantity=Quantity(quantity))
        return self.do(
            lambda: self.model.change_part(by, line, quantity),
            lambda driver: driver.shop.change_part_line(
                ACTORS[by], driver.id(self.model.owner[line]), driver.id(line), lambda _: change
            ),
        )

    def drop(self, by: str, line: str) -> None:
        """Take a part off its ticket."""
        self.do(
            lambda: self.model.remove_part(by, line),
            lambda driver: driver.shop.remove_part_line(
                ACTORS[by], driver.id(self.model.owner[line]), driver.id(line)
            ),
        )

    def crew(self, by: str, ticket: str, add: Collection[str], leave: Collection[str]) -> None:
        """Put mechanics on a ticket and take others off."""
        self.do(
            lambda: self.model.staff(by, ticket, sorted(add), sorted(leave)),
            lambda driver: driver.shop.assign_mechanics(
                ACTORS[by],
                driver.id(ticket),
                MechanicEdit(
                    add_ids=tuple(map(driver.id, sorted(add))),
                    remove_ids=tuple(map(driver.id, sorted(leave))),
                ),
            ),
        )

    @rule(target=DifferentialMachine.customers)
    def register(self) -> str:
        """A new customer comes."""
        return self.register_one()

    @rule(
        target=DifferentialMachine.customers,
        customer=consumes(DifferentialMachine.customers),
        again=rarely,
    )
    def erase(self, customer: str, again: bool) -> Made:  # noqa: FBT001 - drawn
        """A customer wants to be forgotten; few come *again* after that."""
        self.do(
            lambda: self.model.erase(customer),
            lambda driver: driver.shop.erase_customer(
                ACTORS["m1"], CustomerId(driver.id(customer))
            ),
        )
        return customer if again or self.model.people[customer]["active"] else multiple()

    @rule(
        target=DifferentialMachine.tickets,
        by=st.sampled_from(sorted(ACTORS)),
        customer=DifferentialMachine.customers,
        day=st.sampled_from(DAYS),
        some=st.lists(mechanics, max_size=2, unique=True),
    )
    def open(self, by: str, customer: str, day: date, some: list[str]) -> Made:
        """The front driver takes a vehicle in, or the first customer does for themselves."""
        return (
            self.open_one(by, "c1", day, [])
            if by == "c1"
            else (self.open_one(by, customer, day, some))
        )

    @rule(
        by=hands,
        ticket=DifferentialMachine.tickets,
        add=st.sets(mechanics),
        leave=st.sets(mechanics),
    )
    def assign(self, by: str, ticket: str, add: set[str], leave: set[str]) -> None:
        """Mechanics join and leave."""
        self.crew(by, ticket, add, leave - add)

    @rule(
        by=hands,
        ticket=DifferentialMachine.tickets,
        to=st.sampled_from(Status),
        note=notes,
        stale=rarely,
    )
    def move(self, by: str, ticket: str, to: Status, note: str | None, stale: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody looks where a ticket may go and sends it anywhere, seen its last change or not."""
        self.look(ticket)
        expected = len(self.model.tickets[ticket]["history"]) + stale
        self.do(
            lambda: self.model.move(by, ticket, to.value, note, stale=stale),
            lambda driver: driver.shop.move_ticket(
                ACTORS[by], driver.id(ticket), TransitionForm(to=to, note=note), expected
            ),
        )

    @rule(by=hands, ticket=DifferentialMachine.tickets, turns=walks)
    def move_along(self, by: str, ticket: str, turns: list[int]) -> None:
        """A ticket takes a walk along the arrows of the table, with somebody to work on it."""
        if not self.model.tickets[ticket]["staff"]:
            self.crew(by, ticket, ["m2"], [])
        for turn in turns:
            here = self.model.tickets[ticket]["status"]
            if ways := [move.to for move in WORKFLOW if move.start == here]:
                self.go(by, ticket, ways[turn % len(ways)])

    @rule(by=hands, ticket=DifferentialMachine.tickets)
    def finish(self, by: str, ticket: str) -> None:
        """A ticket is worked through."""
        self.crew(by, ticket, ["m2"], [])
        self.go(by, ticket, Status.IN_PROGRESS)
        self.go(by, ticket, Status.COMPLETED)

    @rule(
        target=DifferentialMachine.tickets,
        ticket=consumes(DifferentialMachine.tickets),
        again=rarely,
    )
    def remove(self, ticket: str, again: bool) -> Made:  # noqa: FBT001 - drawn
        """A manager strikes a ticket out; few ask for it *again* after that."""
        self.do(
            lambda: self.model.remove("m1", ticket),
            lambda driver: driver.shop.remove_ticket(ACTORS["m1"], driver.id(ticket)),
        )
        return multiple() if self.model.tickets[ticket]["removed"] and not again else ticket

    @rule(
        target=DifferentialMachine.lines,
        by=hands,
        ticket=DifferentialMachine.tickets,
        part=DifferentialMachine.parts,
        quantity=quantities,
        stale=rarely,
    )
    def add_part(self, by: str, ticket: str, part: str, quantity: int, stale: bool) -> Made:  # noqa: FBT001 - drawn
        """A ticket needs a part."""
        return _made(self.put(by, ticket, part, quantity, stale=stale), "line")

    @rule(by=hands, line=DifferentialMachine.lines, quantity=st.just(0) | quantities)
    def change_part(self, by: str, line: str, quantity: int) -> None:
        """A ticket needs more or less of a part, or nothing after all."""
        if quantity:
            self.take(by, line, quantity)
        else:
            self.drop(by, line)

    @rule(
        target=DifferentialMachine.works, by=hands, ticket=DifferentialMachine.tickets, work=labor
    )
    def add_labor(self, by: str, ticket: str, work: Fields) -> Made:
        """Somebody writes down what they did."""
        return _made(
            self.do(
                lambda: self.model.add_labor(by, ticket, work),
                lambda driver: driver.shop.add_labor_line(
                    ACTORS[by], driver.id(ticket), _labor(driver, work)
                ),
            ),
            "line",
        )

    @rule(by=hands, line=DifferentialMachine.works, work=st.none() | labor)
    def change_labor(self, by: str, line: str, work: Fields | None) -> None:
        """Somebody corrects what they wrote, or takes it back."""
        ticket = self.model.owner[line]
        if work is None:
            self.do(
                lambda: self.model.remove_labor(by, line),
                lambda driver: driver.shop.remove_labor_line(
                    ACTORS[by], driver.id(ticket), driver.id(line)
                ),
            )
        else:
            self.do(
                lambda: self.model.change_labor(by, line, work),
                lambda driver: driver.shop.change_labor_line(
                    ACTORS[by], driver.id(ticket), driver.id(line), lambda _: _labor(driver, work)
                ),
            )


def _labor(driver: ShopDriver, work: Fields) -> LaborLineForm:
    return LaborLineForm(
        description=work["description"],
        hours=Quantity(work["hours"]),
        rate=Money(work["rate"]),
        mechanic_id=work["mechanic"] and driver.id(work["mechanic"]),
    )


def _made(done: Fields | None, what: str) -> Made:
    """Return what the new thing is called, or nothing where it was refused."""
    return done[what] if done else multiple()
