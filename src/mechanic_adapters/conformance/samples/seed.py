"""One record of each noun, and a second customer, for tests that cover all of them."""

from attrs import frozen

from mechanic_adapters.conformance.samples.estimates import (
    new_estimate,
    new_link,
    new_recommendation,
)
from mechanic_adapters.conformance.samples.invoices import (
    new_credit_note,
    new_invoice,
    new_payment,
)
from mechanic_adapters.conformance.samples.records import (
    new_customer,
    new_entry,
    new_mechanic,
    new_part,
    new_session,
    new_ticket,
    new_token,
    new_vehicle,
)
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.inventory.part import Part
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import PageRequest
from mechanic_core.payments.payment import Payment
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import Recommendation
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import Vehicle


@frozen
class Seed:
    """One stored record of each noun, and another customer, who has nothing."""

    customer: Customer
    heir: Customer
    vehicle: Vehicle
    mechanic: Mechanic
    session: Session
    token: RefreshToken
    ticket: Ticket
    part: Part
    estimate: Estimate
    link: ApprovalLink
    recommendation: Recommendation
    invoice: Invoice
    credit_note: CreditNote
    payment: Payment


def add_seed(store: Store) -> Seed:
    """Add the records in one transaction."""
    with store.begin() as work:
        customer = work.customers.add(new_customer())
        mechanic = work.mechanics.add(new_mechanic())
        work.accounts.put(
            Account(role=Role.CUSTOMER, holder_id=customer.id, password_hash="#1")  # noqa: S106 - no secret
        )
        session = new_session(customer.id)
        token = new_token(session)
        work.sessions.start(session, token)
        ticket = work.tickets.add(new_ticket(customer, mechanic), new_entry())
        invoice = work.invoices.add(new_invoice(ticket))
        return Seed(
            customer=customer,
            heir=work.customers.add(new_customer()),
            vehicle=work.vehicles.add(new_vehicle(customer, plate="A 1")),
            mechanic=mechanic,
            session=session,
            token=token,
            ticket=ticket,
            part=work.parts.add(new_part()),
            estimate=work.estimates.add(new_estimate(ticket)),
            link=work.approval_links.start(new_link(ticket)),
            recommendation=work.recommendations.add(new_recommendation(ticket)),
            invoice=invoice,
            credit_note=work.credit_notes.add(new_credit_note(invoice)),
            payment=work.payments.add(new_payment(ticket)),
        )


def snapshot(store: Store, seed: Seed) -> tuple[object, ...]:
    """Return everything that can be read about *seed* and in lists, for comparison."""
    page = PageRequest(size=1000, with_total=True)
    with store.read_only() as work:
        return (
            work.customers.find(None, page),
            work.vehicle_lists.find(VehicleFilter(), page),
            work.odometer_log.of(seed.vehicle.id, page),
            work.mechanic_lists.find(page, active_only=False),
            work.accounts.of(Role.CUSTOMER, seed.customer.id),
            work.accounts.of(Role.MECHANIC, seed.mechanic.id),
            work.revocations.revoked_after(0),
            work.revocations.is_active(Actor(Role.CUSTOMER, seed.customer.id, seed.session.id)),
            work.ticket_lists.find(TicketFilter(), page),
            work.histories.of(seed.ticket.id, page),
            work.parts.find(PartFilter(), page),
            work.ledger.of(seed.part.id, page),
            work.estimate_lists.of(seed.ticket.id, page),
            work.decisions.of(seed.ticket.id, page),
            work.approval_links.get(seed.link.id),
            work.recommendations.find(RecommendationFilter(), page),
            work.invoice_lists.find(InvoiceFilter(), page),
            work.credit_notes.of(seed.invoice.id, page),
            work.payment_lists.find(PaymentFilter(), page),
            work.balances.of(seed.ticket.id),
            work.profiles.get(),
            work.profiles.history(page),
        )
