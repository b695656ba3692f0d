"""Sessions and their refresh tokens in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    column_parameters,
    field_columns,
    field_values,
    json_text,
    record_maker,
)
from mechanic_adapters.sql.engine.sql_functions import rows_from_json
from mechanic_adapters.sql.queries.expiry import delete_oldest
from mechanic_adapters.sql.schema.accounts import (
    epochs,
    refresh_tokens,
    session_revocations,
    sessions,
)
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import STAFF, Actor, Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_core.accounts.ports import RevokedSessions, SessionRevocations, Sessions

_NOUN = "sessions"

_make_session = record_maker(Session)
_make_token = record_maker(RefreshToken)

_AT = bindparam("moment", type_=MOMENT)
_HOLDER = bindparam("holder", type_=BigInteger)
_SESSION = bindparam("session", type_=KEY)
_DIGEST = bindparam("token_digest", type_=KEY)

_ADD_SESSION = insert(sessions).values(column_parameters(sessions))
_ADD_TOKEN = insert(refresh_tokens).values(column_parameters(refresh_tokens))
_MARK_USED = (
    update(refresh_tokens)
    .values(used_at=bindparam("used_at", type_=MOMENT))
    .where(refresh_tokens.c.digest == _DIGEST)
)
_SESSION_TIMES = (sessions.c.started_at, sessions.c.revoked_at)
_LOCK = (
    select(
        sessions.c.id,
        sessions.c.role,
        func.coalesce(sessions.c.customer_id, sessions.c.mechanic_id),
        *_SESSION_TIMES,
        *field_columns(refresh_tokens, RefreshToken),
    )
    .select_from(refresh_tokens.join(sessions))
    .where(refresh_tokens.c.digest == _DIGEST)
    .with_for_update(key_share=True)
)
_END = update(sessions).values(revoked_at=_AT).where(sessions.c.revoked_at.is_(None))
_REVOKE = _END.where(sessions.c.id == _SESSION)
_NUMBER = session_revocations.c.number
_LATEST = select(func.coalesce(func.max(_NUMBER), 0)).scalar_subquery()
_ONE_ROW = select(literal(1)).subquery("one_row")
_EPOCH = func.coalesce(select(epochs.c.value).scalar_subquery(), "")
"""Empty while a backup is being restored."""

_SERVER_START = cast(func.extract("epoch", func.pg_postmaster_start_time()), Text)
"""A part of the epoch on PostgreSQL: a server that was set back, or replaced by a standby that
lagged behind, was started for that."""


def _revoked_after(epoch: ColumnElement[str]) -> Select[Any]:
    later = _NUMBER > bindparam("position", type_=BigInteger)
    return select(epoch, _LATEST, session_revocations.c.session_id).select_from(
        _ONE_ROW.outerjoin(session_revocations, later)
    )


_REVOKED_ON_POSTGRES = _revoked_after(_EPOCH + literal("@") + _SERVER_START)
_REVOKED_ON_SQLITE = _revoked_after(_EPOCH)


_SWEEP_TOKENS = delete_oldest(refresh_tokens.c.digest, refresh_tokens.c.expires_at).returning(
    refresh_tokens.c.session_id
)
_SWEEP_REVOKED = delete_oldest(sessions.c.id, sessions.c.revoked_at)
_DELETE_ENDED = delete(sessions).where(
    sessions.c.id.in_(rows_from_json([sessions.c.id])),
    ~exists().where(refresh_tokens.c.session_id == sessions.c.id),
)


@final
class _SessionTable:
    """The statements on the sessions of customers, or of staff."""

    def __init__(
        self, holder: Column[int], people: Table, role: Any, may_log_in: ColumnElement[bool]
    ) -> None:
        """Build them; *holder* is the column with the id of the person."""
        own = holder == _HOLDER
        self.of_person = (
            select(sessions.c.id, sessions.c.role, holder, *_SESSION_TIMES)
            .where(own)
            .order_by(sessions.c.started_at, sessions.c.id)
        )
        self.active_role = (
            select(role)
            .select_from(sessions.join(people, people.c.id == holder))
            .where(sessions.c.id == _SESSION, own, sessions.c.revoked_at.is_(None), may_log_in)
        )
        self.revoke_all = _END.where(own, sessions.c.id != _SESSION)
        self.delete_tokens = delete(refresh_tokens).where(
            refresh_tokens.c.session_id.in_(select(sessions.c.id).where(own)),
            refresh_tokens.c.expires_at <= _AT,
        )
        valid = refresh_tokens.c.expires_at > _AT
        has_token = exists().where(refresh_tokens.c.session_id == sessions.c.id, valid)
        self.delete_sessions = delete(sessions).where(own, ~has_token)
        self.start = _ADD_TOKEN.add_cte(
            self.delete_tokens.cte("deleted_tokens"),
            self.delete_sessions.cte("deleted_sessions"),
            _ADD_SESSION.cte("started"),
        )
        """All writes of `SqlSessions.start` in one statement, for PostgreSQL."""


_CUSTOMERS = _SessionTable(
    sessions.c.customer_id,
    customers,
    literal(Role.CUSTOMER, mechanics.c.role.type),
    customers.c.erased_at.is_(None),
)
_STAFF = _SessionTable(
    sessions.c.mechanic_id, mechanics, mechanics.c.role, mechanics.c.active.is_(True)
)


def _table(role: Role) -> _SessionTable:
    return _STAFF if role in STAFF else _CUSTOMERS


@final
@frozen
class SqlSessions(Sessions, SessionRevocations):
    """The tables of sessions and refresh tokens.

    Starting a session deletes the person's expired tokens and sessions.
    """

    _executor: Executor

    def start(self, session: Session, token: RefreshToken) -> None:
        table, values = _table(session.role), _values(session)
        expired = {"holder": session.holder_id, "moment": session.started_at}
        if self._executor.database.is_postgres:
            values = {**expired, **values, **field_values(token)}
            self._executor.write(_NOUN, table.start, values)
            return
        self._executor.write(_NOUN, table.delete_tokens, expired)
        self._executor.write(_NOUN, table.delete_sessions, expired)
        self._executor.write(_NOUN, _ADD_SESSION, values)
        self._executor.write(_NOUN, _ADD_TOKEN, field_values(token))

    def of(self, role: Role, holder_id: int) -> Sequence[Session]:
        rows = self._executor.all(_table(role).of_person, {"holder": holder_id})
        return [_make_session(row) for row in rows]

    def lock(self, digest: str) -> tuple[Session, RefreshToken] | None:
        row = self._executor.first(_LOCK, {"token_digest": digest})
        return (_make_session(row), _make_token(row[5:])) if row else None

    def rotate(self, spent: RefreshToken, fresh: RefreshToken) -> None:
        used = {"token_digest": spent.digest, "used_at": spent.used_at}
        self._executor.write(_NOUN, _MARK_USED, used)
        self._executor.write(_NOUN, _ADD_TOKEN, field_values(fresh))

    def sweep(self, before: datetime, limit: int) -> int:
        params = {"before": before, "limit": limit}
        expired = self._executor.write_returning(_NOUN, _SWEEP_TOKENS, params)
        ended = json_text({tuple(row) for row in expired})
        count = self._executor.write(_NOUN, _DELETE_ENDED, {"rows": ended}) if expired else 0
        return len(expired) + count + self._executor.write(_NOUN, _SWEEP_REVOKED, params)

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        self._executor.write(_NOUN, _REVOKE, {"session": session_id, "moment": at})

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        params = {"holder": holder_id, "moment": at, "session": but or ""}
        self._executor.write(_NOUN, _table(role).revoke_all, params)

    def revoked_after(self, position: int) -> RevokedSessions:
        is_postgres = self._executor.database.is_postgres
        statement = _REVOKED_ON_POSTGRES if is_postgres else _REVOKED_ON_SQLITE
        rows = self._executor.all(statement, {"position": position})
        ids = frozenset(SessionId(row[2]) for row in rows if row[2] is not None)
        return RevokedSessions(rows[0][0], rows[0][1], ids)

    def is_active(self, actor: Actor) -> bool:
        if actor.role is None or actor.session is None:
            return False
        params = {"session": actor.session, "holder": actor.id}
        row = self._executor.first(_table(actor.role).active_role, params)
        return row is not None and row[0] == actor.role


def _values(session: Session) -> dict[str, Any]:
    is_staff = session.role in STAFF
    return {
        **field_values(session),
        "customer_id": None if is_staff else session.holder_id,
        "mechanic_id": session.holder_id if is_staff else None,
        "wrote_at": None,
    }
