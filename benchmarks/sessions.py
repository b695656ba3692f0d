"""Sessions for tokens that a benchmark issues itself: a token is good only with one."""

import secrets
from contextlib import closing
from datetime import timedelta
from typing import Final

from attrs import evolve

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_shop.wiring.clock import utc_now

_LIFE: Final = timedelta(days=1)


def with_session(url: str, actor: Actor) -> Actor:
    """Return *actor*, who is stored in the database at *url*, with a new session there.

    `restore.sql` keeps it.
    """
    at, secret = utc_now(), SessionId(f"benchmark-{secrets.token_urlsafe(32)}")
    session = Session(
        id=secret, role=actor.role or Role.CUSTOMER, holder_id=actor.id, started_at=at
    )
    with closing(SqlStore.open(url)) as store, store.begin() as work:
        work.sessions.start(session, RefreshToken.of(secret, secret, at, _LIFE))
    return evolve(actor, session=secret)
