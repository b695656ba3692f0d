"""Sessions and their refresh tokens in SQL."""

from datetime import datetime
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import columns_of, maker, values_of
from mechanic_adapters.sql.schema.accounts import refresh_tokens, sessions
from mechanic_core.access import STAFF, Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_core.accounts.ports import SessionRevocations, Sessions

_NOUN = "sessions"

_make_session = maker(Session)
_make_token = maker(RefreshToken)

_AT = bindparam("moment", type_=MOMENT)
_HOLDER = bindparam("holder", type_=BigInteger)
_SESSION = bindparam("the_session", type_=KEY)
_DIGEST = bindparam("the_digest", type_=KEY)

_START = insert(sessions).values({c.name: bindparam(c.name, type_=c.type) for c in sessions.c})
_GIVE = insert(refresh_tokens).values(
    {c.name: bindparam(c.name, type_=c.type) for c in refresh_tokens.c}
)
_SPEND = (
    update(refresh_tokens)
    .values(used_at=bindparam("used_at", type_=MOMENT))
    .where(refresh_tokens.c.digest == _DIGEST)
)
_HELD = (
    select(
        sessions.c.id,
        sessions.c.role,
        func.coalesce(sessions.c.customer_id, sessions.c.mechanic_id),
        sessions.c.started_at,
        sessions.c.revoked_at,
        *columns_of(refresh_tokens, RefreshToken),
    )
    .select_from(refresh_tokens.join(sessions))
    .where(refresh_tokens.c.digest == _DIGEST)
    .with_for_update(key_share=True)
)
_END = update(sessions).values(revoked_at=_AT).where(sessions.c.revoked_at.is_(None))
_REVOKE = _END.where(sessions.c.id == _SESSION)
_REVOKED_SINCE = select(sessions.c.id).where(sessions.c.revoked_at >= _AT)


@final
class _Whose:
    """The statements on the sessions of one kind of people."""

    def __init__(self, holder: Column[int]) -> None:
        """Build them for the column that names the person."""
        own = holder == _HOLDER
        self.revoke_all = _END.where(own, sessions.c.id != _SESSION)
        self.drop_tokens = delete(refresh_tokens).where(
            refresh_tokens.c.session_id.in_(select(sessions.c.id).where(own)),
            refresh_tokens.c.expires_at <= _AT,
        )
        good = refresh_tokens.c.expires_at > _AT
        left = exists().where(refresh_tokens.c.session_id == sessions.c.id, good)
        self.drop_sessions = delete(sessions).where(own, ~left)
        self.start_at_once = _GIVE.add_cte(
            self.drop_tokens.cte("dropped_tokens"),
            self.drop_sessions.cte("dropped_sessions"),
            _START.cte("started"),
        )
        """All that a start writes, for databases that write inside a WITH."""


_CUSTOMERS = _Whose(sessions.c.customer_id)
_STAFF = _Whose(sessions.c.mechanic_id)


def _whose(role: Role) -> _Whose:
    return _STAFF if role in STAFF else _CUSTOMERS


@final
@frozen
class SqlSessions(Sessions, SessionRevocations):
    """Every session that may still be alive."""

    _executor: Executor

    def start(self, session: Session, token: RefreshToken) -> None:
        """Keep a new session with its first token."""
        whose = _whose(session.role)
        expired = {"holder": session.holder_id, "moment": session.started_at}
        if self._executor.database.is_postgres:
            given = {**expired, **_values(session), **values_of(token)}
            self._executor.write(_NOUN, whose.start_at_once, given)
            return
        self._executor.write(_NOUN, whose.drop_tokens, expired)
        self._executor.write(_NOUN, whose.drop_sessions, expired)
        self._executor.write(_NOUN, _START, _values(session))
        self._executor.write(_NOUN, _GIVE, values_of(token))

    def lock(self, digest: str) -> tuple[Session, RefreshToken] | None:
        """Return the token and its session, both rows locked."""
        row = self._executor.first(_HELD, {"the_digest": digest})
        return (_make_session(row), _make_token(row[5:])) if row else None

    def rotate(self, spent: RefreshToken, fresh: RefreshToken) -> None:
        """Keep *spent* as used and *fresh* beside it."""
        used = {"the_digest": spent.digest, "used_at": spent.used_at}
        self._executor.write(_NOUN, _SPEND, used)
        self._executor.write(_NOUN, _GIVE, values_of(fresh))

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        """End one session; one that has ended already did so then."""
        self._executor.write(_NOUN, _REVOKE, {"the_session": session_id, "moment": at})

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        """End every session of one person, save *but*."""
        given = {"holder": holder_id, "moment": at, "the_session": but or ""}
        self._executor.write(_NOUN, _whose(role).revoke_all, given)

    def revoked_since(self, moment: datetime) -> frozenset[SessionId]:
        """Return the sessions that were ended at *moment* or later."""
        found = self._executor.all(_REVOKED_SINCE, {"moment": moment})
        return frozenset(SessionId(row[0]) for row in found)


def _values(session: Session) -> dict[str, Any]:
    works_here = session.role in STAFF
    return {
        **values_of(session),
        "customer_id": None if works_here else session.holder_id,
        "mechanic_id": session.holder_id if works_here else None,
    }
