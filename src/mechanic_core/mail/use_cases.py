"""Deliver the mails of the outbox."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar, Final, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, Actor
from mechanic_core.mail.outgoing_mail import CLAIM_LIFE, MailKind, OutgoingMail
from mechanic_core.mail.ports import Letter, Mailer, MailerAway, MessageRefused
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock

_log: Final = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of one mail."""

    SENT = auto()
    NOBODY = auto()
    """Nobody has the address."""
    DROPPED = auto()
    POSTPONED = auto()


@final
@frozen(kw_only=True)
class Deliveries:
    """How many mails were sent, dropped and postponed; those to nobody count as none."""

    sent: int = 0
    dropped: int = 0
    postponed: int = 0


def never_stopping() -> bool:
    """Return False."""
    return False


@final
@frozen
class DeliverMails:
    """Send the mails that are due.

    Each is claimed in a short transaction and sent outside any, so call it outside `begin()`. A
    process that is killed in between leaves the mail to the next claim: it may be sent twice, and
    is never lost. Several processes may deliver at once.
    """

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    begin: Begin
    now: Clock
    mailer: Mailer | None
    letters: Mapping[MailKind, Letter]

    def __call__(self, actor: Actor, stopping: Callable[[], bool] = never_stopping) -> Deliveries:
        """Return what was done until none is due, one is postponed, or *stopping* returns true.

        The mails after one that was postponed wait for the next call: a mail server that is away
        would let each of them wait. Raises `Unavailable`.
        """
        self.policy.admit(actor)
        outcomes: list[Outcome] = []
        while self.mailer and not stopping() and Outcome.POSTPONED not in outcomes:
            at = self.now()
            mail = self._claim(actor, at)
            if mail is None:
                break
            outcomes.append(self._deliver(self.mailer, mail, at))
            self._settle(actor, mail, outcomes[-1])
        return Deliveries(
            sent=outcomes.count(Outcome.SENT),
            dropped=outcomes.count(Outcome.DROPPED),
            postponed=outcomes.count(Outcome.POSTPONED),
        )

    @retry_on_conflict
    def _claim(self, actor: Actor, at: datetime) -> OutgoingMail | None:
        with self.begin(actor) as work:
            return work.outgoing_mails.claim(at, at + CLAIM_LIFE)

    def _deliver(self, mailer: Mailer, mail: OutgoingMail, at: datetime) -> Outcome:
        """Send the letter; the log names the mail by its id alone."""
        if mail.is_too_old(at):
            _log.error("mail %d was dropped: it could not be sent for days", mail.id)
            return Outcome.DROPPED
        try:
            messages = self.letters[mail.kind].write(mail)
            for message in messages:
                mailer.send(message)
        except MessageRefused as refused:
            _log.warning("mail %d was dropped: %s", mail.id, refused)
            return Outcome.DROPPED
        except MailerAway as away:
            _log.warning("mail %d will be sent later: %s", mail.id, away)
            return Outcome.POSTPONED
        return Outcome.SENT if messages else Outcome.NOBODY

    @retry_on_conflict
    def _settle(self, actor: Actor, mail: OutgoingMail, outcome: Outcome) -> None:
        at = self.now()
        after = mail.postpone(at) if outcome is Outcome.POSTPONED else mail.finish(at)
        with self.begin(actor) as work:
            work.outgoing_mails.settle(after)
