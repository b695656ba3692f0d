"""Ports of mail: the outbox, the letters of each kind, and who sends them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mechanic_core.mail.message import Message
from mechanic_core.mail.outgoing_mail import OutgoingMail


class MailerAway(Exception):
    """No mail can be sent at present. The text names the cause, and no address."""


class MessageRefused(Exception):
    """This message will never be taken for its address. The text names no address."""


class OutgoingMails(Protocol):
    """The outbox: mails that are to be sent, and those that still count for their address."""

    def add(self, mail: OutgoingMail, most: int) -> bool:
        """Store a new mail unless its address has *most* of its kind; return whether it did.

        Those that have expired when it was asked for do not count. Concurrent transactions that
        add mails to one address add no more than *most* together.
        """
        ...

    def claim(self, at: datetime, until: datetime) -> OutgoingMail | None:
        """Return the mail that has been due for longest at *at*, or None.

        It is due at *until* then, with one more attempt. Mails that another transaction is
        claiming are left to it.
        """
        ...

    def settle(self, mail: OutgoingMail) -> bool:
        """Store when *mail* is due and expires, and return true.

        Return false if it was claimed again since the caller has claimed it, or is gone.
        """
        ...

    def forget(self, email: str) -> None:
        """Delete all mails to an address, in any case."""
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete mails that expired before *before*, the oldest *limit*; return their number.

        Mails that another transaction is sweeping are left to it.
        """
        ...


class MailLists(Protocol):
    """Lists of mails of the outbox."""

    def to(self, email: str) -> Sequence[OutgoingMail]:
        """Return the mails to an address, in any case, oldest first."""
        ...


class Letter(Protocol):
    """The letter of one kind of mail, written when it is sent: a link in it is new then."""

    def write(self, mail: OutgoingMail) -> Sequence[Message]:
        """Return one message for each address that is to get one; none if nobody has it.

        Raises `Unavailable`.
        """
        ...


class Mailer(Protocol):
    """Sends messages. What it raises names no address and holds no secret."""

    def send(self, message: Message) -> None:
        """Send *message*; return when the mail server has taken it.

        Raises `MailerAway` where a later attempt may succeed, and `MessageRefused`. It returns or
        raises long before `CLAIM_LIFE` is over.
        """
        ...
