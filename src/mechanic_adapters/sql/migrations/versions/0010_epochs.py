"""An epoch of the data, and revocations numbered without a clock.

A trigger numbers them, since the previous release still runs while a deployment replaces it.
"""

import secrets

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import in_batches, is_postgres

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

TRIGGER = """
CREATE TRIGGER sessions_number_revocation AFTER UPDATE OF revoked_at ON sessions
FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
"""
INSERT = "INSERT INTO session_revocations (session_id) VALUES (NEW.id);"
FUNCTION = f"""
CREATE FUNCTION number_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {INSERT}
    RETURN NULL;
END $$
"""

# A key of a manager is found again after they became a mechanic, and the other way round.
ANSWERS = """
INSERT INTO stored_answers (key, fingerprint, content, at)
SELECT 'mechanic:' || substr(key, 9), fingerprint, content, at FROM stored_answers
WHERE key LIKE 'manager:%' AND key > :after AND key <= :upto ON CONFLICT DO NOTHING
"""
CUSTOMERS = """
INSERT INTO stored_answer_customers (customer_id, key)
SELECT customer_id, 'mechanic:' || substr(key, 9) FROM stored_answer_customers
WHERE key LIKE 'manager:%' AND key > :after AND key <= :upto ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Copy the answers of managers to the key of all staff; create the tables and the trigger."""
    in_batches("stored_answers", "key", "", ANSWERS, CUSTOMERS)
    op.create_table(
        "session_revocations",
        sa.Column("number", ID, sa.Identity(), primary_key=True),
        sa.Column(
            "session_id",
            KEY,
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sqlite_autoincrement=True,
    )
    epochs = op.create_table(
        "epochs",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.execute(epochs.insert().values(id=1, value=secrets.token_hex(16)))
    if is_postgres():
        op.execute(FUNCTION)
        op.execute(f"{TRIGGER} EXECUTE FUNCTION number_revocation()")
    else:
        op.execute(f"{TRIGGER} BEGIN {INSERT} END")


def downgrade() -> None:
    """Drop the trigger and the tables."""
    op.execute("DROP TRIGGER sessions_number_revocation" + (" ON sessions" * is_postgres()))
    if is_postgres():
        op.execute("DROP FUNCTION number_revocation()")
    op.drop_table("session_revocations")
    op.drop_table("epochs")
