"""The rules of the state machine about jobs, charges and discounts, and about the rules of prices."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import consumes, rule

from mechanic_core.money import Money, Quantity
from mechanic_core.pricing.line import LineKind
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.job import JobDraft, JobKind
from mechanic_core.tickets.lines.charge import ChargeForm
from tests.machines.differential_machine import ACTORS, DifferentialMachine
from tests.machines.inventory_model import Fields
from tests.machines.price_model import DISCOUNTS, RULES, TICKET_DISCOUNTS
from tests.machines.shop_driver import ShopDriver
from tests.machines.ticket_rules import NewNames, names_of, prices, quantities, staff_members
from tests.machines.vehicle_rules import VehicleRules
from tests.shops import follow

titles = st.sampled_from(["Front brakes", "Oil service"])
kinds = st.sampled_from(["repair", "warranty", "diagnosis"])
charges = st.builds(
    lambda kind, quantity, price, back: {
        "kind": kind,
        "description": "Alternator",
        "quantity": -quantity if kind == "core" and back else quantity,
        "price": price,
    },
    st.sampled_from(["fee", "sublet", "core", "core"]),
    quantities,
    prices,
    st.booleans(),
)
lines = (
    DifferentialMachine.part_lines | DifferentialMachine.labor_lines | DifferentialMachine.charges
)


class JobRules(VehicleRules):
    """Rules about jobs, charges and discounts, in any order with those about tickets."""

    @rule(name=st.sampled_from(sorted(RULES)))
    def follow(self, name: str) -> None:
        """Change the rules of prices in the shop's profile."""
        rules = RULES[name]
        self.clock.advance(minutes=1)
        self.model.follow(name)
        for driver in self.drivers:
            follow(driver.shop, rules)

    @rule(
        target=DifferentialMachine.jobs,
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        title=titles,
        kind=kinds,
    )
    def add_job(self, by: str, ticket: str, title: str, kind: str) -> NewNames:
        """Add a job to a ticket."""
        return names_of(
            self.apply(
                lambda: self.model.add_job(by, ticket, title, kind),
                lambda driver: driver.shop.add_job(
                    ACTORS[by], driver.id(ticket), JobDraft(title=title, kind=JobKind(kind))
                ),
            ),
            "job",
        )

    @rule(by=staff_members, job=DifferentialMachine.jobs, title=titles, kind=kinds)
    def change_job(self, by: str, job: str, title: str, kind: str) -> None:
        """Change a job, perhaps to one of another kind."""
        self.apply(
            lambda: self.model.change_job(by, job, title, kind),
            lambda driver: driver.shop.change_job(
                ACTORS[by],
                driver.id(self.model.owner[job]),
                driver.id(job),
                lambda form: evolve(form, title=title, kind=JobKind(kind)),
            ),
        )

    @rule(by=staff_members, job=consumes(DifferentialMachine.jobs))
    def remove_job(self, by: str, job: str) -> None:
        """Remove a job, unless it has lines."""
        self.apply(
            lambda: self.model.remove_job(by, job),
            lambda driver: driver.shop.remove_job(
                ACTORS[by], driver.id(self.model.owner[job]), driver.id(job)
            ),
        )

    @rule(
        target=DifferentialMachine.charges,
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        charge=charges,
    )
    def add_charge(self, by: str, ticket: str, charge: Fields) -> NewNames:
        """Add a charge, perhaps a core that comes back."""
        form = ChargeForm(
            kind=LineKind(charge["kind"]),
            description=charge["description"],
            quantity=Quantity(charge["quantity"]),
            unit_price=Money(charge["price"]),
        )
        return names_of(
            self.apply(
                lambda: self.model.add_charge(by, ticket, charge),
                lambda driver: driver.shop.add_charge(ACTORS[by], driver.id(ticket), form),
            ),
            "line",
        )

    @rule(by=staff_members, line=DifferentialMachine.charges)
    def remove_charge(self, by: str, line: str) -> None:
        """Remove a charge."""
        self.apply(
            lambda: self.model.remove_charge(by, line),
            lambda driver: driver.shop.remove_charge(
                ACTORS[by], driver.id(self.model.owner[line]), driver.id(line)
            ),
        )

    @rule(
        by=staff_members,
        line=lines,
        job=st.none() | DifferentialMachine.jobs,
        discount=st.sampled_from(sorted(DISCOUNTS)),
        tax_class=st.sampled_from([None, None, "none", "vat", "labor"]),
    )
    def change_terms(
        self, by: str, line: str, job: str | None, discount: str, tax_class: str | None
    ) -> None:
        """Move a line to another job, and change its discount and tax class."""
        self.apply(
            lambda: self.model.change_terms(by, line, job, discount, tax_class),
            lambda driver: _change_of(driver, line)(
                ACTORS[by],
                driver.id(self.model.owner[line]),
                driver.id(line),
                lambda form: evolve(
                    form,
                    job_id=job and driver.id(job),
                    discount=DISCOUNTS[discount],
                    tax_class=tax_class,
                ),
            ),
        )

    @rule(
        by=staff_members,
        ticket=DifferentialMachine.tickets,
        texts=st.lists(st.sampled_from(sorted(TICKET_DISCOUNTS)), max_size=2),
    )
    def discount(self, by: str, ticket: str, texts: Sequence[str]) -> None:
        """Replace the discounts on the whole of a ticket."""
        form = DiscountsForm(items=tuple(TICKET_DISCOUNTS[text] for text in texts))
        self.apply(
            lambda: self.model.discount(by, ticket, texts),
            lambda driver: driver.shop.replace_discounts(ACTORS[by], driver.id(ticket), form),
        )


def _change_of(driver: ShopDriver, line: str) -> Any:
    """Return the use case that changes a line of that kind."""
    return {
        "l": driver.shop.change_part_line,
        "w": driver.shop.change_labor_line,
        "x": driver.shop.change_charge,
    }[line[0]]
