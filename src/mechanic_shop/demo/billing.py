"""The demo's bills: its tax and fees, and what is on a ticket besides parts and labor."""

from random import Random
from typing import Final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.money import ONE, Money, Quantity, percent
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import FeeBase, SuppliesFee, TaxRate
from mechanic_core.profile.billing import Invoicing
from mechanic_core.profile.profile import ProfileForm
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.job import JobDraft, JobKind
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_shop.demo.repair_jobs import HOURLY_RATE, RepairJob, parse_quantity

TERMS_DAYS: Final = 14

_STATE: Final = "State of Illinois"

PROFILE: Final = ProfileForm(
    name="Springfield Motors",
    address="1 Station Road, Springfield",
    phone="+1-555-0100",
    email="desk@example.com",
    registration="Illinois repair shop 21-00417",
    tax_number="36-4417902",
    time_zone="America/Chicago",
    tax_rates=(
        TaxRate(tax_class="parts", authority=_STATE, percent=percent("6.25")),
        TaxRate(tax_class="parts", authority="City of Springfield", percent=percent("2.5")),
        TaxRate(tax_class="parts", authority="Sangamon County", percent=percent("1")),
        TaxRate(tax_class="supplies", authority=_STATE, percent=percent("6.25")),
    ),
    supplies_fee=SuppliesFee(percent=percent("6"), of=(FeeBase.LABOR,), cap=Money(35_00)),
    invoicing=Invoicing.REQUIRED,
    payment_terms_days=TERMS_DAYS,
    disclosures=("Replaced parts are returned on request.",),
)

DISPOSAL: Final = ChargeForm(
    kind=LineKind.FEE, description="Waste oil disposal", quantity=ONE, unit_price=Money(3_50)
)
TOWING: Final = ChargeForm(
    kind=LineKind.SUBLET, description="Towing, 12 miles", quantity=ONE, unit_price=Money(95_00)
)
INSPECTION: Final = JobDraft(title="Inspection, 27 points", kind=JobKind.MAINTENANCE)
REGULAR: Final = DiscountsForm(
    items=(TicketDiscount(scope=Scope.LABOR, percent=percent("10"), reason="Regular customer"),)
)

INSPECTED: Final = 0.25
TOWED: Final = 0.05
DISCOUNTED: Final = 0.15
CORE_RETURNED: Final = 0.8
"""How likely each of these is, from 0 to 1."""


@frozen
class Biller:
    """Puts on tickets what shops charge besides parts and labor."""

    shop: Shop
    random: Random

    def charge(self, actor: Actor, ticket_id: TicketId, job: RepairJob) -> None:
        """Add the charges of *job*, and sometimes an inspection, a tow or a discount."""
        if "oil" in job.task:
            self.shop.add_charge(actor, ticket_id, DISPOSAL)
        if job.core:
            self._charge_core(actor, ticket_id, job.core)
        if self.random.random() < TOWED:
            self.shop.add_charge(actor, ticket_id, TOWING)
        if self.random.random() < INSPECTED:
            self._inspect(actor, ticket_id)
        if self.random.random() < DISCOUNTED:
            self.shop.replace_discounts(actor, ticket_id, REGULAR)

    def _charge_core(self, actor: Actor, ticket_id: TicketId, deposit: Money) -> None:
        """Charge the deposit of the old unit, and give it back if that is there."""
        quantities = (ONE, Quantity(-ONE)) if self.random.random() < CORE_RETURNED else (ONE,)
        for quantity in quantities:
            core = ChargeForm(
                kind=LineKind.CORE,
                description="Core deposit" if quantity > 0 else "Core returned",
                quantity=quantity,
                unit_price=deposit,
            )
            self.shop.add_charge(actor, ticket_id, core)

    def _inspect(self, actor: Actor, ticket_id: TicketId) -> None:
        job = self.shop.add_job(actor, ticket_id, INSPECTION)
        labor = LaborLineForm(
            job_id=job.id,
            mechanic_id=actor.id,
            description="Inspect 27 points, with a written report",
            hours=parse_quantity("0.3"),
            rate=HOURLY_RATE,
        )
        self.shop.add_labor_line(actor, ticket_id, labor)
