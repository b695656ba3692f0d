"""Accounts, password resets and sessions in memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.repositories.customers import CUSTOMERS
from mechanic_adapters.memory.repositories.mechanics import MECHANICS
from mechanic_adapters.memory.tables import TableName, Tables
from mechanic_core.access import STAFF, Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.accounts.ports import (
    Accounts,
    EmailHolders,
    PasswordResets,
    RevokedSessions,
    SessionRevocations,
    Sessions,
)
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.texts import email_key

_ACCOUNTS: Final = TableName[tuple[bool, int], Account]("accounts", "accounts")
_RESETS: Final = TableName[int, "_Reset"]("password_resets", "password_resets")
_SESSIONS: Final = TableName[SessionId, Session]("sessions", "sessions")
_REVOCATIONS: Final = TableName[int, SessionId]("session_revocations", "sessions")
_TOKENS: Final = TableName[str, RefreshToken]("tokens", "sessions")


@final
@frozen
class MemoryAccounts(Accounts):
    """The accounts of customers and staff."""

    _tables: Tables

    def find(self, email: str, *, staff: bool) -> Account | None:
        people = self._tables[MECHANICS].all() if staff else self._tables[CUSTOMERS].all()
        holders = (
            one.id for one in people if one.email and email_key(one.email) == email_key(email)
        )
        accounts = (self._read(staff, holder) for holder in holders)
        return next((account for account in accounts if account), None)

    def of(self, role: Role, holder_id: int) -> Account | None:
        return self._read(role in STAFF, holder_id)

    def lock(self, role: Role, holder_id: int) -> Account | None:
        return self.of(role, holder_id)

    def put(self, account: Account) -> None:
        staff = account.role in STAFF
        holders = self._tables[MECHANICS] if staff else self._tables[CUSTOMERS]
        if holders.get(account.holder_id) is None:
            raise MechanicNotFound if staff else CustomerNotFound
        self._tables[_ACCOUNTS].put((staff, account.holder_id), account)

    def remove(self, role: Role, holder_id: int) -> None:
        self._tables[_ACCOUNTS].delete((role in STAFF, holder_id))

    def _read(self, staff: bool, holder_id: int) -> Account | None:  # noqa: FBT001 - half the key
        account = self._tables[_ACCOUNTS].get((staff, holder_id))
        if account is None:
            return None
        if staff:
            mechanic = self._tables[MECHANICS].get(holder_id)
            if mechanic is None:
                return None
            return evolve(account, role=mechanic.role, active=mechanic.active)
        customer = self._tables[CUSTOMERS].get(holder_id)
        return None if customer is None else evolve(account, active=not customer.erased_at)


@final
@frozen
class MemoryEmailHolders(EmailHolders):
    """The people who may get mail at an address."""

    _tables: Tables

    def find(self, email: str) -> tuple[CustomerId | None, MechanicId | None]:
        key = email_key(email)
        customers, mechanics = self._tables[CUSTOMERS].all(), self._tables[MECHANICS].all()
        return (
            next((one.id for one in customers if one.email and email_key(one.email) == key), None),
            next((one.id for one in mechanics if one.active and email_key(one.email) == key), None),
        )


@final
@frozen
class _Reset:
    """A link to choose a password with; *holder* is the key of an account."""

    id: int
    holder: tuple[bool, int]
    nonce: str
    expires_at: datetime


@final
@frozen
class MemoryPasswordResets(PasswordResets):
    """The links to choose a password with."""

    _tables: Tables

    def start(self, role: Role, holder_id: int, nonce: str, expires_at: datetime) -> int:
        self.end(role, holder_id)
        table = self._tables[_RESETS]
        new = _Reset(table.next_id(), (role in STAFF, holder_id), nonce, expires_at)
        return table.put(new.id, new).id

    def find(self, reset_id: int, nonce: str) -> tuple[Role, int] | None:
        reset = self._tables[_RESETS].get(reset_id)
        if reset is None or reset.nonce != nonce:
            return None
        is_staff, holder_id = reset.holder
        return (Role.MECHANIC if is_staff else Role.CUSTOMER), holder_id

    def take(self, reset_id: int, nonce: str) -> bool:
        if self.find(reset_id, nonce) is None:
            return False
        self._tables[_RESETS].delete(reset_id)
        return True

    def end(self, role: Role, holder_id: int) -> None:
        table, holder = self._tables[_RESETS], (role in STAFF, holder_id)
        for reset in [one for one in table.all() if one.holder == holder]:
            table.delete(reset.id)

    def sweep(self, before: datetime, limit: int) -> int:
        table = self._tables[_RESETS]
        expired = [one for one in table.all() if one.expires_at < before]
        oldest = sorted(expired, key=lambda one: one.expires_at)[:limit]
        for reset in oldest:
            table.delete(reset.id)
        return len(oldest)


@final
@frozen
class MemorySessions(Sessions, SessionRevocations):
    """Sessions and their refresh tokens."""

    _tables: Tables

    def start(self, session: Session, token: RefreshToken) -> None:
        self._delete_expired(session)
        self._tables[_SESSIONS].put(session.id, session)
        self._tables[_TOKENS].put(token.digest, token)

    def of(self, role: Role, holder_id: int) -> Sequence[Session]:
        found = (
            s for s in self._tables[_SESSIONS].all() if _holder(s) == (role in STAFF, holder_id)
        )
        return sorted(found, key=lambda session: (session.started_at, session.id))

    def lock(self, digest: str) -> tuple[Session, RefreshToken] | None:
        token = self._tables[_TOKENS].get(digest)
        session = token and self._tables[_SESSIONS].get(token.session_id)
        return (session, token) if session and token else None

    def rotate(self, spent: RefreshToken, fresh: RefreshToken) -> None:
        self._tables[_TOKENS].put(spent.digest, spent)
        self._tables[_TOKENS].put(fresh.digest, fresh)

    def sweep(self, before: datetime, limit: int) -> int:
        tokens, sessions = self._tables[_TOKENS], self._tables[_SESSIONS]
        expired = [token for token in tokens.all() if token.expires_at < before][:limit]
        for token in expired:
            tokens.delete(token.digest)
        live = {token.session_id for token in tokens.all()}
        ended = {token.session_id for token in expired} - live
        revoked = [s.id for s in sessions.all() if s.revoked_at and s.revoked_at < before]
        gone = ended | set([one for one in revoked if one not in ended][:limit])
        for session_id in gone:
            sessions.delete(session_id)
        for token in [token for token in tokens.all() if token.session_id in gone]:
            tokens.delete(token.digest)
        return len(expired) + len(gone)

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        session = self._tables[_SESSIONS].get(session_id)
        if session and session.revoked_at is None:
            self._tables[_SESSIONS].put(session_id, evolve(session, revoked_at=at))
            revocations = self._tables[_REVOCATIONS]
            revocations.put(revocations.next_id(), session_id)

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        for session in list(self._tables[_SESSIONS].all()):
            if _holder(session) == (role in STAFF, holder_id) and session.id != but:
                self.revoke(session.id, at)

    def revoked_after(self, position: int) -> RevokedSessions:
        numbered = list(enumerate(self._tables[_REVOCATIONS].all(), start=1))
        ids = frozenset(session_id for number, session_id in numbered if number > position)
        return RevokedSessions("memory", len(numbered), ids)

    def is_active(self, actor: Actor) -> bool:
        session = actor.session and self._tables[_SESSIONS].get(actor.session)
        if not session or session.revoked_at or _holder(session) != _owner(actor):
            return False
        if actor.is_staff:
            mechanic = self._tables[MECHANICS].get(actor.id)
            return mechanic is not None and mechanic.active and mechanic.role is actor.role
        customer = self._tables[CUSTOMERS].get(actor.id)
        return customer is not None and not customer.erased_at

    def _delete_expired(self, new: Session) -> None:
        own = {s.id for s in self._tables[_SESSIONS].all() if _holder(s) == _holder(new)}
        for token in list(self._tables[_TOKENS].all()):
            if token.session_id in own and token.expires_at <= new.started_at:
                self._tables[_TOKENS].delete(token.digest)
        for ended in own - {token.session_id for token in self._tables[_TOKENS].all()}:
            self._tables[_SESSIONS].delete(ended)


def _holder(session: Session) -> tuple[bool, int]:
    return session.role in STAFF, session.holder_id


def _owner(actor: Actor) -> tuple[bool, int]:
    return actor.is_staff, actor.id
