"""What the core asks of whoever keeps accounts, hashes passwords and signs tokens."""

from datetime import datetime
from typing import Protocol

from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session


class Accounts(Protocol):
    """Everybody who can log in."""

    def find(self, email: str, *, staff: bool) -> Account | None:
        """Return the account with that address (case ignored) among staff or customers."""
        ...

    def of(self, role: Role, holder_id: int) -> Account | None:
        """Return the account of one person."""
        ...

    def lock(self, role: Role, holder_id: int) -> Account | None:
        """Return the account, it and its holder kept from others' changes until the end.

        A session that starts meanwhile is there for whoever ends them all afterwards.
        """
        ...

    def put(self, account: Account) -> None:
        """Store the account; an earlier one of the same person is replaced.

        Raises `CustomerNotFound` or `MechanicNotFound` when the person is not stored.
        """
        ...

    def remove(self, role: Role, holder_id: int) -> None:
        """Drop the account: nobody logs in with it again."""
        ...


class Sessions(Protocol):
    """Every session that may still be alive."""

    def start(self, session: Session, token: RefreshToken) -> None:
        """Keep a new session with its first token; drop the same person's expired ones."""
        ...

    def lock(self, digest: str) -> tuple[Session, RefreshToken] | None:
        """Return the token with that digest and its session, kept from others' changes."""
        ...

    def rotate(self, spent: RefreshToken, fresh: RefreshToken) -> None:
        """Keep *spent* as used and *fresh* beside it."""
        ...


class SessionRevocations(Protocol):
    """Sessions that were ended before they expired."""

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        """End one session."""
        ...

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        """End every session of one person, save *but*."""
        ...

    def revoked_since(self, moment: datetime) -> frozenset[SessionId]:
        """Return the sessions that were ended at *moment* or later."""
        ...


class Passwords(Protocol):
    """Hashes passwords so that a stolen database gives none away. Slow on purpose."""

    def hash(self, password: str) -> str:
        """Return what to keep of *password*."""
        ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* is the one; for no hash at all, False after as long."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        ...


class AccessTokens(Protocol):
    """Signs what proves a login on each request."""

    @property
    def life(self) -> int:
        """How long a token is good for, in seconds."""
        ...

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return a token that speaks for *actor* from *at* on."""
        ...
