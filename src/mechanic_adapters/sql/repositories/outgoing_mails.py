"""Outgoing mails in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select, update

from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.postgres.advisory_locks import LOCK, lock_number
from mechanic_adapters.sql.engine.row_mapping import (
    column_parameters,
    field_columns,
    field_values,
    record_maker,
)
from mechanic_adapters.sql.queries.expiry import delete_oldest
from mechanic_adapters.sql.schema.outgoing_mails import outgoing_mails
from mechanic_core.mail.outgoing_mail import MailKind, OutgoingMail
from mechanic_core.mail.ports import MailLists, OutgoingMails
from mechanic_core.texts import email_key

_NOUN: Final = "outgoing_mails"
_mail = outgoing_mails.c
_make_mail = record_maker(OutgoingMail)
_KIND = bindparam("the_kind", type_=KEY)
_EMAIL = bindparam("the_email", type_=KEY)
_ADDED = {**column_parameters(outgoing_mails), "kind": _KIND, "email_key": _EMAIL}

_COLUMNS = field_columns(outgoing_mails, OutgoingMail)
_IS_KNOWN = or_(*(_mail.kind == kind.value for kind in MailKind))
"""The kinds that this release can write the letter of: the next one may know others."""

_counted = (
    select(func.count())
    .select_from(outgoing_mails)
    .where(
        _mail.email_key == _EMAIL,
        _mail.kind == _KIND,
        _mail.expires_at > _ADDED["asked_at"],
    )
    .scalar_subquery()
)
_ADD = insert(outgoing_mails).from_select(
    list(_ADDED),
    select(*_ADDED.values()).where(_counted < bindparam("most", type_=BigInteger)),
)

_due = (
    select(_mail.id)
    .where(
        _mail.due_at <= bindparam("at", type_=MOMENT),
        _IS_KNOWN,
    )
    .order_by(_mail.due_at, _mail.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = (
    update(outgoing_mails)
    .values(due_at=bindparam("until", type_=MOMENT), attempts=_mail.attempts + 1)
    .where(_mail.id == _due)
    .returning(*_COLUMNS)
)
_SETTLE = (
    update(outgoing_mails)
    .values(
        due_at=bindparam("next_due_at", type_=MOMENT),
        expires_at=bindparam("new_expires_at", type_=MOMENT),
    )
    .where(
        _mail.id == bindparam("mail_id", type_=BigInteger),
        _mail.attempts == bindparam("claim", type_=BigInteger),
    )
)
_TO = select(*_COLUMNS).where(_mail.email_key == _EMAIL, _IS_KNOWN).order_by(_mail.id)
_FORGET = delete(outgoing_mails).where(_mail.email_key == _EMAIL)
_SWEEP = delete_oldest(_mail.id, _mail.expires_at)


@final
@frozen
class SqlOutgoingMails(OutgoingMails, MailLists):
    """The outbox.

    On PostgreSQL a lock of the address lets one transaction at a time count its mails and add one;
    on SQLite one transaction writes at a time.
    """

    _executor: Executor

    def add(self, mail: OutgoingMail, most: int) -> bool:
        if self._executor.database.is_postgres:
            self._executor.first(LOCK, {"number": lock_number(f"mail to {mail.email_key}")})
        values = {
            **field_values(mail),
            "the_kind": mail.kind.value,
            "the_email": mail.email_key,
            "most": most,
        }
        return self._executor.write(_NOUN, _ADD, values) == 1

    def claim(self, at: datetime, until: datetime) -> OutgoingMail | None:
        rows = self._executor.write_returning(_NOUN, _CLAIM, {"at": at, "until": until})
        return _read(rows[0]) if rows else None

    def settle(self, mail: OutgoingMail) -> bool:
        params = {
            "mail_id": mail.id,
            "claim": mail.attempts,
            "next_due_at": mail.due_at,
            "new_expires_at": mail.expires_at,
        }
        return self._executor.write(_NOUN, _SETTLE, params) == 1

    def forget(self, email: str) -> None:
        self._executor.write(_NOUN, _FORGET, {"the_email": email_key(email)})

    def sweep(self, before: datetime, limit: int) -> int:
        return self._executor.write(_NOUN, _SWEEP, {"before": before, "limit": limit})

    def to(self, email: str) -> Sequence[OutgoingMail]:
        return [_read(row) for row in self._executor.all(_TO, {"the_email": email_key(email)})]


def _read(row: Row) -> OutgoingMail:
    mail_id, kind, *others = row
    return _make_mail((mail_id, MailKind(kind), *others))
