"""Outgoing mails in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.tables import TableName, Tables
from mechanic_core.mail.outgoing_mail import OutgoingMail, OutgoingMailId
from mechanic_core.mail.ports import MailLists, OutgoingMails
from mechanic_core.texts import email_key

_MAILS: Final = TableName[int, OutgoingMail]("outgoing_mails", "outgoing_mails")


@final
@frozen
class MemoryOutgoingMails(OutgoingMails, MailLists):
    """The outbox. Transactions are serial, so a claim never conflicts."""

    _tables: Tables

    def add(self, mail: OutgoingMail, most: int) -> bool:
        table = self._tables[_MAILS]
        counted = [
            one
            for one in table.all()
            if (one.kind, one.email_key) == (mail.kind, mail.email_key)
            and one.expires_at > mail.asked_at
        ]
        if len(counted) >= most:
            return False
        new = evolve(mail, id=OutgoingMailId(table.next_id()))
        table.put(new.id, new)
        return True

    def claim(self, at: datetime, until: datetime) -> OutgoingMail | None:
        table = self._tables[_MAILS]
        due = [(one.due_at, one) for one in table.all() if one.due_at and one.due_at <= at]
        if not due:
            return None
        _, mail = min(due, key=lambda pair: (pair[0], pair[1].id))
        return table.put(mail.id, evolve(mail, due_at=until, attempts=mail.attempts + 1))

    def settle(self, mail: OutgoingMail) -> bool:
        table = self._tables[_MAILS]
        stored = table.get(mail.id)
        if stored is None or stored.attempts != mail.attempts:
            return False
        table.put(mail.id, evolve(stored, due_at=mail.due_at, expires_at=mail.expires_at))
        return True

    def forget(self, email: str) -> None:
        key = email_key(email)
        self._delete(lambda mail: mail.email_key == key)

    def sweep(self, before: datetime, limit: int) -> int:
        return self._delete(lambda mail: mail.expires_at < before, limit)

    def to(self, email: str) -> Sequence[OutgoingMail]:
        key = email_key(email)
        found = (mail for mail in self._tables[_MAILS].all() if mail.email_key == key)
        return sorted(found, key=lambda mail: mail.id)

    def _delete(self, matches: Callable[[OutgoingMail], bool], limit: int | None = None) -> int:
        table = self._tables[_MAILS]
        found = sorted(filter(matches, table.all()), key=lambda mail: mail.expires_at)[:limit]
        for mail in found:
            table.delete(mail.id)
        return len(found)
