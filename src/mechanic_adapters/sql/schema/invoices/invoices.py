"""The tables of invoices, of what becomes of them, of credit notes, numbers, and balances."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    generated_id,
    key,
    moment,
    number,
    record_text,
    reference,
    text,
    version,
)
from mechanic_adapters.sql.schema.metadata import METADATA, record_table
from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerDetails
from mechanic_core.errors import LostRace
from mechanic_core.estimates.decision import Decision
from mechanic_core.invoices.invoice import InvoicedJob, PaymentStatus
from mechanic_core.pricing.credits import CreditedLine
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, PricedLine, Totals
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.tickets.ticket_vehicle import TicketVehicle

invoices = record_table(
    "invoices",
    generated_id(),
    text("number"),
    key("series"),
    number("sequence"),
    reference("ticket_id", "tickets.id"),
    record_text("customer", CustomerDetails),
    record_text("seller", ProfileValues),
    record_text("vehicle", TicketVehicle, nullable=True),
    Column("odometer", Integer),
    Column("service_date", Date, nullable=False),
    text("description"),
    record_text("jobs", tuple[InvoicedJob, ...]),
    record_text("lines", tuple[PricedLine, ...]),
    record_text("discounts", tuple[TicketDiscount, ...]),
    record_text("tax", tuple[AuthorityTax, ...]),
    record_text("totals", Totals),
    number("deposit"),
    record_text("decisions", tuple[Decision, ...]),
    moment("issued_at"),
    Column("issued_on", Date, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("previous", nullable=True),
    text("digest"),
    UniqueConstraint("series", "sequence", info={"refusal": LostRace}),
)
"""Append-only, enforced by triggers: the documents as they were issued."""

invoice_states = Table(
    "invoice_states",
    METADATA,
    Column(
        "invoice_id", BigInteger, ForeignKey("invoices.id"), primary_key=True, autoincrement=False
    ),
    number("ticket_id"),
    reference("customer_id", "customers.id"),
    number("total"),
    number("credited"),
    number("paid"),
    Column("fully_credited", Boolean, nullable=False),
    Column("payment_status", one_of(PaymentStatus, "payment_status"), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("issued_month", Date, nullable=False),
    Column("due_date", Date, nullable=False),
    moment("updated_at"),
    version(),
    CheckConstraint("credited >= 0 AND credited <= total", name="credited_range"),
    CheckConstraint("paid >= 0 AND paid <= total - credited", name="paid_range"),
    Index(None, "customer_id", "invoice_id"),
    Index(None, "ticket_id", "invoice_id"),
    Index(None, "payment_status", "invoice_id"),
    Index(None, "issued_on", "invoice_id"),
    Index(None, "issued_month", "invoice_id"),
)
"""Who owes each invoice, and what is credited and paid of it. Lists read it, not the documents.

The ticket, the total and the days are copies; *payment_status* is computed. *issued_month* is the
first day of the month of *issued_on*, so that an index by month serves lists of long periods.
"""

credit_notes = record_table(
    "credit_notes",
    generated_id(),
    text("number"),
    key("series"),
    number("sequence"),
    reference("invoice_id", "invoices.id"),
    text("invoice_number"),
    number("ticket_id"),
    record_text("customer", CustomerDetails),
    record_text("seller", ProfileValues),
    record_text("lines", tuple[CreditedLine, ...]),
    record_text("tax", tuple[AuthorityTax, ...]),
    record_text("totals", Totals),
    number("total"),
    text("reason"),
    moment("issued_at"),
    Column("issued_on", Date, nullable=False, index=True),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("previous", nullable=True),
    text("digest"),
    UniqueConstraint("series", "sequence", info={"refusal": LostRace}),
    Index(None, "invoice_id", "id"),
)
"""Append-only, enforced by triggers. The owner is that of the invoice; *total* is that of *totals*."""

number_series = Table(
    "number_series",
    METADATA,
    key("prefix", primary_key=True),
    number("last"),
    text("digest", nullable=True),
)
"""The last number of each series, which is locked for each document: no sequence of the database,
whose numbers are lost where a transaction is rolled back."""

ticket_balances = Table(
    "ticket_balances",
    METADATA,
    reference("ticket_id", "tickets.id", primary_key=True, autoincrement=False),
    number("invoiced"),
    number("received"),
    number("invoice_id", nullable=True),
    CheckConstraint("invoiced >= 0", name="invoiced_range"),
    CheckConstraint("received >= 0", name="received_range"),
)
"""What is owed for each ticket with money on it."""

_unsettled = ticket_balances.c.invoiced != ticket_balances.c.received
Index(
    "ix_ticket_balances_unsettled",
    ticket_balances.c.ticket_id,
    postgresql_where=_unsettled,
    sqlite_where=_unsettled,
)
"""Few, however many tickets were ever settled."""
