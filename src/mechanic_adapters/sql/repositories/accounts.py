"""Accounts and password resets in SQL."""

from datetime import datetime
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import record_maker
from mechanic_adapters.sql.queries.expiry import delete_oldest
from mechanic_adapters.sql.schema.accounts import accounts, password_resets
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import STAFF, Role
from mechanic_core.accounts.account import Account
from mechanic_core.accounts.ports import Accounts, EmailHolders, PasswordResets
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.errors import NotFound
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.texts import email_key

_make_account = record_maker(Account)

_HOLDER = bindparam("holder_id", type_=BigInteger)
_EMAIL = bindparam("email_key", type_=KEY)
_HASH = bindparam("hash", type_=Text)


@final
class _AccountTable:
    """The statements on the accounts of customers, or of staff."""

    def __init__(
        self, people: Table, holder: Column[int], fields: Select[Any], missing: type[NotFound]
    ) -> None:
        """Build them; *fields* selects the fields of an account."""
        self.missing = missing
        joined = fields.select_from(accounts.join(people, people.c.id == holder))
        self.by_email = joined.where(people.c.email_key == _EMAIL)
        self.by_holder = joined.where(holder == _HOLDER)
        self.lock = self.by_holder.with_for_update(key_share=True)
        existing = select(people.c.id, _HASH).where(people.c.id == _HOLDER)
        self.put = (
            insert(accounts)
            .from_select([holder, accounts.c.password_hash], existing)
            .on_conflict_do_update(index_elements=[holder], set_={"password_hash": _HASH})
        )
        self.remove = delete(accounts).where(holder == _HOLDER)


_CUSTOMERS = _AccountTable(
    customers,
    accounts.c.customer_id,
    select(
        literal(Role.CUSTOMER, mechanics.c.role.type),
        accounts.c.customer_id,
        accounts.c.password_hash,
        customers.c.erased_at.is_(None),
    ),
    CustomerNotFound,
)
_STAFF = _AccountTable(
    mechanics,
    accounts.c.mechanic_id,
    select(mechanics.c.role, accounts.c.mechanic_id, accounts.c.password_hash, mechanics.c.active),
    MechanicNotFound,
)


def _table(role: Role) -> _AccountTable:
    return _STAFF if role in STAFF else _CUSTOMERS


@final
@frozen
class SqlAccounts(Accounts):
    """The table of accounts; the role of an account is read from the person's row."""

    _executor: Executor

    def find(self, email: str, *, staff: bool) -> Account | None:
        table = _STAFF if staff else _CUSTOMERS
        row = self._executor.first(table.by_email, {"email_key": email_key(email)})
        return _make_account(row) if row else None

    def of(self, role: Role, holder_id: int) -> Account | None:
        row = self._executor.first(_table(role).by_holder, {"holder_id": holder_id})
        return _make_account(row) if row else None

    def lock(self, role: Role, holder_id: int) -> Account | None:
        row = self._executor.first(_table(role).lock, {"holder_id": holder_id})
        return _make_account(row) if row else None

    def put(self, account: Account) -> None:
        table = _table(account.role)
        values = {"holder_id": account.holder_id, "hash": account.password_hash}
        if not self._executor.write("accounts", table.put, values):
            raise table.missing

    def remove(self, role: Role, holder_id: int) -> None:
        self._executor.write("accounts", _table(role).remove, {"holder_id": holder_id})


_FIND_HOLDERS = select(
    select(customers.c.id).where(customers.c.email_key == _EMAIL).scalar_subquery(),
    select(mechanics.c.id)
    .where(mechanics.c.email_key == _EMAIL, mechanics.c.active)
    .scalar_subquery(),
)


@final
@frozen
class SqlEmailHolders(EmailHolders):
    """The people who may get mail at an address."""

    _executor: Executor

    def find(self, email: str) -> tuple[CustomerId | None, MechanicId | None]:
        customer_id, mechanic_id = self._executor.all(
            _FIND_HOLDERS, {"email_key": email_key(email)}
        )[0]
        return customer_id, mechanic_id


_RESETS = "password_resets"
_NONCE = bindparam("nonce", type_=Text)
_EXPIRES_AT = bindparam("expires_at", type_=MOMENT)
_IS_THIS_RESET = (password_resets.c.id == bindparam("reset_id", type_=BigInteger)) & (
    password_resets.c.nonce == _NONCE
)

_FIND_RESET = select(password_resets.c.customer_id, password_resets.c.mechanic_id).where(
    _IS_THIS_RESET
)
_TAKE_RESET = delete(password_resets).where(_IS_THIS_RESET)
_SWEEP_RESETS = delete_oldest(password_resets.c.id, password_resets.c.expires_at)


@final
class _ResetTable:
    """The statements on the links of customers, or of staff."""

    def __init__(self, holder: Column[int]) -> None:
        """Build them; *holder* is the column with the id of the person."""
        values = {"nonce": _NONCE, "expires_at": _EXPIRES_AT}
        self.start = (
            insert(password_resets)
            .values({holder.name: _HOLDER, **values})
            .on_conflict_do_update(index_elements=[holder], set_=values)
            .returning(password_resets.c.id)
        )
        self.end = delete(password_resets).where(holder == _HOLDER)


_CUSTOMER_RESETS = _ResetTable(password_resets.c.customer_id)
_STAFF_RESETS = _ResetTable(password_resets.c.mechanic_id)


def _reset_table(role: Role) -> _ResetTable:
    return _STAFF_RESETS if role in STAFF else _CUSTOMER_RESETS


@final
@frozen
class SqlPasswordResets(PasswordResets):
    """The table of password resets."""

    _executor: Executor

    def start(self, role: Role, holder_id: int, nonce: str, expires_at: datetime) -> int:
        values = {"holder_id": holder_id, "nonce": nonce, "expires_at": expires_at}
        rows = self._executor.write_returning(_RESETS, _reset_table(role).start, values)
        return int(rows[0][0])

    def find(self, reset_id: int, nonce: str) -> tuple[Role, int] | None:
        row = self._executor.first(_FIND_RESET, {"reset_id": reset_id, "nonce": nonce})
        if row is None:
            return None
        customer_id, mechanic_id = row
        return (Role.MECHANIC, mechanic_id) if customer_id is None else (Role.CUSTOMER, customer_id)

    def take(self, reset_id: int, nonce: str) -> bool:
        params = {"reset_id": reset_id, "nonce": nonce}
        return self._executor.write(_RESETS, _TAKE_RESET, params) == 1

    def end(self, role: Role, holder_id: int) -> None:
        self._executor.write(_RESETS, _reset_table(role).end, {"holder_id": holder_id})

    def sweep(self, before: datetime, limit: int) -> int:
        return self._executor.write(_RESETS, _SWEEP_RESETS, {"before": before, "limit": limit})
