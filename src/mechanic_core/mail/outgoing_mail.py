"""Outgoing mail: what was asked for, without what only its letter has, such as a token."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType, Self, final

from attrs import evolve, field, frozen

from mechanic_core.rules import checked
from mechanic_core.texts import email_key

OutgoingMailId = NewType("OutgoingMailId", int)

PATIENCE: Final = timedelta(days=3)
"""How long a mail is tried: an SMTP server gives up after four or five days (RFC 5321)."""

WINDOW: Final = timedelta(hours=1)
"""How long a mail that is done counts for its address."""

MOST_IN_WINDOW: Final = 3
"""How many mails of a kind an address gets within `WINDOW`."""

CLAIM_LIFE: Final = timedelta(minutes=5)
"""How long a mail belongs to who has claimed it: longer than any attempt to send it takes."""

_GRACE: Final = timedelta(days=1)
"""How much longer a mail is stored than it is tried, so that it is not deleted before it is logged."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 10


class MailKind(StrEnum):
    """What a mail is about: it decides the letter."""

    PASSWORD_RESET = "password-reset"  # noqa: S105 - no secret
    APPROVAL = "approval"


@final
@frozen(kw_only=True, field_transformer=checked)
class OutgoingMail:
    """A mail that was asked for.

    Attributes:
        email_key: The address, in the form in which addresses are compared.
        due_at: When it is tried next; None once it is sent or dropped.
        expires_at: Until when it counts for its address; it is deleted afterwards.
        attempts: How often it was claimed. Each claim ends the one before.
        subject_id: The approval link that it is about; None for other kinds.
    """

    id: OutgoingMailId = OutgoingMailId(0)  # until it is stored
    kind: MailKind
    email_key: str = field(repr=False)
    asked_at: datetime
    due_at: datetime | None
    expires_at: datetime
    attempts: int = 0
    subject_id: int | None = None

    @classmethod
    def to(cls, email: str, kind: MailKind, at: datetime, subject_id: int | None = None) -> Self:
        """Return a mail to the people who have the address *email*, due at once."""
        return cls(
            kind=kind,
            email_key=email_key(email),
            asked_at=at,
            due_at=at,
            expires_at=at + PATIENCE + _GRACE,
            subject_id=subject_id,
        )

    def is_too_old(self, at: datetime) -> bool:
        """Return whether it has been tried, or has waited, for too long."""
        return at >= self.asked_at + PATIENCE

    def finish(self, at: datetime) -> Self:
        """Return the mail as sent or dropped; it counts for its address for a while."""
        return evolve(self, due_at=None, expires_at=at + WINDOW)

    def postpone(self, at: datetime) -> Self:
        """Return the mail as due later: after a minute, then after twice as long each time."""
        doublings = min(self.attempts - 1, _MOST_DOUBLINGS)
        return evolve(self, due_at=at + min(_FIRST_WAIT * 2**doublings, _LONGEST_WAIT))
