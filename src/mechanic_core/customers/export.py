"""Export what the shop has stored about one customer, for the customer."""

from datetime import datetime
from typing import ClassVar, Self, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_MANAGER, Actor, Role
from mechanic_core.accounts.account import Session
from mechanic_core.customers.customer import Customer, CustomerDetails, CustomerId, CustomerNotFound
from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import Estimate, EstimateNumber
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.mail.outgoing_mail import MailKind, OutgoingMail
from mechanic_core.paging import WHOLE_LIST
from mechanic_core.payments.payment import Payment
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import Recommendation
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.unit_of_work import ReadOnly, Work
from mechanic_core.values import Clock, Email
from mechanic_core.vehicles.odometer import OdometerReading, OwnersReading
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import Vehicle


@frozen(kw_only=True)
class ExportedSession:
    """When the customer logged in, and when that session was ended."""

    started_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return *session* without its id, which the tokens have."""
        return cls(started_at=session.started_at, revoked_at=session.revoked_at)


@frozen(kw_only=True)
class ExportedAccount:
    """What the customer logs in with, without the hash of the password; sessions oldest first."""

    role: Role = Role.CUSTOMER
    email: Email | None
    sessions: tuple[ExportedSession, ...]


@frozen(kw_only=True)
class ExportedVehicle:
    """A vehicle, and its odometer readings as its owner sees them, oldest first."""

    vehicle: Vehicle
    odometer: tuple[OwnersReading | OdometerReading, ...]


@frozen(kw_only=True)
class ExportedTicket:
    """A service ticket with its history, estimates, decisions and payments, oldest first."""

    ticket: Ticket
    history: tuple[Entry, ...]
    estimates: tuple[Estimate, ...]
    decisions: tuple[Decision, ...]
    payments: tuple[Payment, ...]


@frozen(kw_only=True)
class ExportedEstimatePaper:
    """Whom and which vehicle the paper of an estimate shows, which was made for the customer.

    The ticket may be another customer's: it was found to be theirs since.
    """

    ticket_id: TicketId
    number: EstimateNumber
    customer: CustomerDetails | None
    vehicle: TicketVehicle | None

    @classmethod
    def of(cls, estimate: Estimate) -> Self:
        """Return what the paper of *estimate* shows, and the estimate itself does not."""
        return cls(
            ticket_id=estimate.ticket_id,
            number=estimate.number,
            customer=estimate.customer,
            vehicle=estimate.vehicle,
        )


@frozen(kw_only=True)
class ExportedInvoice:
    """An invoice and its credit notes, oldest first."""

    invoice: Invoice
    credit_notes: tuple[CreditNote, ...]


@frozen(kw_only=True)
class ExportedMail:
    """A mail to the customer's address; without *due_at* it was sent or dropped."""

    kind: MailKind
    asked_at: datetime
    due_at: datetime | None

    @classmethod
    def of(cls, mail: OutgoingMail) -> Self:
        """Return *mail* without its address."""
        return cls(kind=mail.kind, asked_at=mail.asked_at, due_at=mail.due_at)


@frozen(kw_only=True)
class CustomerExport:
    """What the shop has stored about a customer, as the customer's own requests show it.

    *account* is None for a customer without a login.
    """

    exported_at: datetime
    customer: Customer
    account: ExportedAccount | None
    vehicles: tuple[ExportedVehicle, ...]
    service_tickets: tuple[ExportedTicket, ...]
    estimate_papers: tuple[ExportedEstimatePaper, ...]
    recommendations: tuple[Recommendation, ...]
    invoices: tuple[ExportedInvoice, ...]
    mails: tuple[ExportedMail, ...]


@final
@frozen
class ExportCustomer:
    """Export what the shop has stored about a customer, without secrets.

    It takes the same number of reads however much there is.
    """

    policy: ClassVar = OWNER_OR_MANAGER
    refuses: ClassVar = (CustomerNotFound,)

    read_only: ReadOnly
    now: Clock

    def __call__(self, actor: Actor, customer_id: CustomerId) -> CustomerExport:
        """Return the export: what the customer may see, also if a manager asks for it."""
        self.policy.admit(actor)
        self.policy.require_access(actor, customer_id, CustomerNotFound())
        reader = Actor(Role.CUSTOMER, customer_id)
        with self.read_only() as work:
            customer, at = work.customers.get(customer_id), self.now()
            return CustomerExport(
                exported_at=at,
                customer=customer,
                account=_account(work, customer),
                vehicles=_vehicles(work, reader),
                service_tickets=_tickets(work, reader, at),
                estimate_papers=tuple(
                    map(ExportedEstimatePaper.of, work.estimate_lists.made_for(customer_id))
                ),
                recommendations=_recommendations(work, reader),
                invoices=_invoices(work, reader),
                mails=_mails(work, customer),
            )


def _account(work: Work, customer: Customer) -> ExportedAccount | None:
    if not customer.has_login:
        return None
    sessions = work.sessions.of(Role.CUSTOMER, customer.id)
    return ExportedAccount(
        email=customer.email, sessions=tuple(ExportedSession.of(one) for one in sessions)
    )


def _vehicles(work: Work, reader: Actor) -> tuple[ExportedVehicle, ...]:
    vehicles = work.vehicle_lists.find(VehicleFilter(customer_id=reader.id), WHOLE_LIST).items
    logs = work.odometer_log.of_all([vehicle.id for vehicle in vehicles])
    return tuple(
        ExportedVehicle(
            vehicle=vehicle,
            odometer=tuple(reading.view_for(reader) for reading in logs.get(vehicle.id, ())),
        )
        for vehicle in vehicles
    )


def _tickets(work: Work, reader: Actor, at: datetime) -> tuple[ExportedTicket, ...]:
    tickets = work.ticket_lists.find(TicketFilter(customer_id=reader.id), WHOLE_LIST).items
    ids = [ticket.id for ticket in tickets]
    histories = work.histories.of_all(ids)
    estimates, decisions = work.estimate_lists.of_all(ids), work.decisions.of_all(ids)
    payments = work.payment_lists.of_all(ids)
    today = work.profiles.get().today(at)
    return tuple(
        ExportedTicket(
            ticket=ticket,
            history=tuple(entry.view_for(reader) for entry in histories.get(ticket.id, ())),
            estimates=tuple(one.as_of(today) for one in estimates.get(ticket.id, ())),
            decisions=tuple(decisions.get(ticket.id, ())),
            payments=tuple(payments.get(ticket.id, ())),
        )
        for ticket in tickets
    )


def _recommendations(work: Work, reader: Actor) -> tuple[Recommendation, ...]:
    wanted = RecommendationFilter(customer_id=reader.id)
    return work.recommendations.find(wanted, WHOLE_LIST).items


def _invoices(work: Work, reader: Actor) -> tuple[ExportedInvoice, ...]:
    invoices = work.invoice_lists.find(InvoiceFilter(customer_id=reader.id), WHOLE_LIST).items
    notes = work.credit_notes.of_all([invoice.id for invoice in invoices])
    return tuple(
        ExportedInvoice(invoice=invoice, credit_notes=tuple(notes.get(invoice.id, ())))
        for invoice in invoices
    )


def _mails(work: Work, customer: Customer) -> tuple[ExportedMail, ...]:
    mails = () if customer.email is None else work.mail_lists.to(customer.email)
    return tuple(ExportedMail.of(mail) for mail in mails)
