"""The tables of estimates, of what customers decide on them, of links to them, and of declined work."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, UniqueConstraint

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    generated_id,
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
from mechanic_core.estimates.decision import Channel, DecisionKind, JobAnswer
from mechanic_core.estimates.estimate import EstimatedJob, EstimatedSupplies
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, Totals
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.recommendations.recommendation import RecommendationStatus, RecommendedLine
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket_vehicle import TicketVehicle

estimates = Table(
    "estimates",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    reference("ticket_id", "tickets.id"),
    Column("number", Integer, nullable=False),
    record_text("jobs", tuple[EstimatedJob, ...]),
    record_text("supplies", EstimatedSupplies, nullable=True),
    record_text("discounts", tuple[TicketDiscount, ...]),
    record_text("tax", tuple[AuthorityTax, ...]),
    record_text("totals", Totals),
    number("revised_total"),
    record_text("profile", ProfileValues),
    Column("valid_until", Date),
    text("note", nullable=True),
    moment("created_at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    record_text("customer", CustomerDetails, nullable=True),
    record_text("vehicle", TicketVehicle, nullable=True),
    text("digest"),
    UniqueConstraint("ticket_id", "number", info={"refusal": LostRace}),
)
"""Append-only, enforced by triggers. The id is made of the ticket's and the number.

*customer* and *vehicle* are on its paper alone: JSON and the digest leave them out.
"""

estimate_states = Table(
    "estimate_states",
    METADATA,
    Column(
        "estimate_id",
        BigInteger,
        ForeignKey("estimates.id"),
        primary_key=True,
        autoincrement=False,
    ),
    reference("customer_id", "customers.id"),
    record_text("answered", tuple[JobId, ...]),
    moment("superseded_at", nullable=True),
    moment("updated_at"),
    version(),
    Index(None, "customer_id", "estimate_id"),
)
"""What becomes of each estimate: the jobs that have an answer, and whether it is superseded.

*customer_id* is for whom it was made: not the ticket's customer where that one was corrected since.
"""

decisions = record_table(
    "decisions",
    generated_id(),
    reference("ticket_id", "tickets.id"),
    Column("kind", one_of(DecisionKind, "kind"), nullable=False),
    Column("estimate", Integer),
    record_text("answers", tuple[JobAnswer, ...]),
    number("amount", nullable=True),
    number("authorized_total"),
    text("person"),
    Column("channel", one_of(Channel, "channel"), nullable=False),
    text("contact", nullable=True),
    text("note", nullable=True),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id", nullable=True),
    text("previous", nullable=True),
    text("digest"),
    Index(None, "ticket_id", "id"),
)
"""Append-only, enforced by triggers. Without *by_id* nobody has entered it: it came by a link."""

approval_links = record_table(
    "approval_links",
    generated_id(),
    reference("ticket_id", "tickets.id"),
    Column("number", Integer, nullable=False),
    text("nonce"),
    moment("expires_at", index=True),
    moment("used_at", nullable=True),
    UniqueConstraint("ticket_id", "number", info={"refusal": LostRace}),
)
"""Without a key of the shop no link can be made of the nonce."""

recommendations = record_table(
    "recommendations",
    generated_id(),
    number("vehicle_id", nullable=True),
    reference("customer_id", "customers.id"),
    reference("ticket_id", "tickets.id"),
    text("title"),
    record_text("lines", tuple[RecommendedLine, ...]),
    number("amount"),
    Column("estimate", Integer, nullable=False),
    Column("times_offered", Integer, nullable=False),
    Column("status", one_of(RecommendationStatus, "status"), nullable=False),
    moment("created_at"),
    moment("updated_at"),
    version(),
    Index(None, "customer_id", "id"),
    Index(None, "vehicle_id", "id"),
)
"""The vehicle may be deleted once the ticket has another one, so it is no foreign key."""
