"""The rules of prices, authorization and invoices in the shop's profile."""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0024"
down_revision = "0023"

CHOICE = sa.String(20)
COLUMNS = (
    ("registration", sa.Text, None),
    ("tax_number", sa.Text, None),
    ("tax_rates", sa.Text, "[]"),
    ("tax_rounding", CHOICE, "document"),
    ("prices_include_tax", sa.Boolean, sa.false()),
    ("supplies_fee", sa.Text, None),
    ("authorization", CHOICE, "off"),
    ("tolerance", sa.Text, "{}"),
    ("invoicing", CHOICE, "off"),
    ("payment_terms_days", sa.Integer, "0"),
    ("invoice_prefix", sa.Text, "INV-"),
    ("credit_note_prefix", sa.Text, "CN-"),
    ("disclosures", sa.Text, "[]"),
)
"""Name, type and default; a column without a default may be empty. Nested values are JSON."""


def upgrade() -> None:
    """Add the columns; their defaults change no price, and ask for nothing."""
    separately(_add_columns)


def _add_columns() -> None:
    for name, kind, default in COLUMNS:
        column = sa.Column(name, kind, nullable=default is None, server_default=default)
        op.add_column("shop_profile", column, if_not_exists=is_postgres() or None)


def downgrade() -> None:
    """Drop the columns."""
    for name, _, _ in reversed(COLUMNS):
        op.drop_column("shop_profile", name)
