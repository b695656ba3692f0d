"""The tables of the shop's profile: its one row, and its history."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, SmallInteger, Table, false

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    generated_id,
    moment,
    number,
    record_text,
    text,
    version,
)
from mechanic_adapters.sql.schema.metadata import METADATA, record_table
from mechanic_core.access import Role
from mechanic_core.pricing.pricing_rules import SuppliesFee, TaxRate, TaxRounding
from mechanic_core.profile.billing import AuthorizationMode, Invoicing, Tolerance
from mechanic_core.profile.profile import ProfileValues

shop_profile = Table(
    "shop_profile",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    text("name"),
    text("address", nullable=True),
    text("phone", nullable=True),
    text("email", nullable=True),
    text("time_zone"),
    text("currency"),
    moment("updated_at"),
    version(),
    text("registration", nullable=True),
    text("tax_number", nullable=True),
    record_text("tax_rates", tuple[TaxRate, ...], server_default="[]"),
    Column("tax_rounding", one_of(TaxRounding), nullable=False, server_default="document"),
    Column("prices_include_tax", Boolean, nullable=False, server_default=false()),
    record_text("supplies_fee", SuppliesFee, nullable=True),
    Column("authorization", one_of(AuthorizationMode), nullable=False, server_default="off"),
    record_text("tolerance", Tolerance, server_default="{}"),
    Column("invoicing", one_of(Invoicing), nullable=False, server_default="off"),
    Column("payment_terms_days", Integer, nullable=False, server_default="0"),
    text("invoice_prefix", server_default="INV-"),
    text("credit_note_prefix", server_default="CN-"),
    record_text("disclosures", tuple[str, ...], server_default="[]"),
    CheckConstraint("id = 1", name="only_one"),
)
"""Created by the migration, with the values of a new shop."""

profile_history = record_table(
    "profile_history",
    generated_id(),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    record_text("before", ProfileValues),
    record_text("after", ProfileValues),
)
"""Append-only, enforced by triggers."""
