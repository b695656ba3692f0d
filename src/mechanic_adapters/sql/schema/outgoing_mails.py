"""The table of outgoing mails."""

from sqlalchemy import Index

from mechanic_adapters.sql.schema.columns import generated_id, key, moment, number
from mechanic_adapters.sql.schema.metadata import record_table

outgoing_mails = record_table(
    "outgoing_mails",
    generated_id(),
    key("kind"),
    key("email_key", index=True),
    moment("asked_at"),
    moment("due_at", nullable=True),
    moment("expires_at", index=True),
    number("attempts"),
    number("subject_id", nullable=True),
)
"""The outbox, which holds no token: a link is made when its mail is sent.

No constraint lists the kinds: a release leaves alone those that only the next one knows.
"""

_IS_DUE = outgoing_mails.c.due_at.is_not(None)

Index(
    "ix_outgoing_mails_due_at",
    outgoing_mails.c.due_at,
    postgresql_where=_IS_DUE,
    sqlite_where=_IS_DUE,
)
