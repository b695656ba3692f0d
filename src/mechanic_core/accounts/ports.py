"""Ports of accounts, sessions, password hashing and access tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, final

from attrs import frozen

from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import CustomerId
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.rules import checked


class Accounts(Protocol):
    """The accounts of customers and staff."""

    def find(self, email: str, *, staff: bool) -> Account | None:
        """Return the account of the customer or staff member with that address, in any case."""
        ...

    def of(self, role: Role, holder_id: int) -> Account | None:
        """Return the account of one person, or None."""
        ...

    def lock(self, role: Role, holder_id: int) -> Account | None:
        """Return the account after locking it and its holder until the transaction ends.

        A session that this transaction starts is visible to a later `revoke_all`.
        """
        ...

    def put(self, account: Account) -> None:
        """Store the account; an earlier one of the same person is replaced.

        Raises `CustomerNotFound` or `MechanicNotFound` when the person is not stored.
        """
        ...

    def remove(self, role: Role, holder_id: int) -> None:
        """Delete the account."""
        ...


class EmailHolders(Protocol):
    """The people who may get mail at an address, with or without an account."""

    def find(self, email: str) -> tuple[CustomerId | None, MechanicId | None]:
        """Return the customer and the active mechanic who have the address, in any case."""
        ...


class PasswordResets(Protocol):
    """Links with which people choose a new password: at most one for each person.

    Its nonce distinguishes a link from the person's former ones.
    """

    def start(self, role: Role, holder_id: int, nonce: str, expires_at: datetime) -> int:
        """Store a link, which replaces that of the same person, and return its id.

        The id of a link that was used or deleted belongs to no other one.
        """
        ...

    def find(self, reset_id: int, nonce: str) -> tuple[Role, int] | None:
        """Return whose link it is, a customer or a mechanic; None for one that was replaced."""
        ...

    def take(self, reset_id: int, nonce: str) -> bool:
        """Delete a link and return whether it was there: true for one transaction only."""
        ...

    def end(self, role: Role, holder_id: int) -> None:
        """Delete the link of one person, if there is one."""
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete links that expired before *before*, the oldest *limit*; return their number.

        Links that another transaction is sweeping are left to it.
        """
        ...


class Sessions(Protocol):
    """Sessions and their refresh tokens."""

    def start(self, session: Session, token: RefreshToken) -> None:
        """Store a new session with its first token; delete the person's expired sessions."""
        ...

    def of(self, role: Role, holder_id: int) -> Sequence[Session]:
        """Return the sessions of one person, revoked ones too, oldest first."""
        ...

    def lock(self, digest: str) -> tuple[Session, RefreshToken] | None:
        """Return the token with that digest and its session after locking both, or None."""
        ...

    def rotate(self, spent: RefreshToken, fresh: RefreshToken) -> None:
        """Store *spent*, which is now used, and *fresh*, which replaces it."""
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete refresh tokens that expired and sessions that were revoked before *before*.

        A session goes with its last token. At most *limit* tokens are chosen, and *limit* sessions;
        those that another transaction is sweeping are left to it. Returns the number of both.
        """
        ...


@final
@frozen(field_transformer=checked)
class RevokedSessions:
    """Sessions that were revoked, in the order in which the store noted it.

    Attributes:
        epoch: Changes when the store's data are replaced by others, as by a restored backup.
        position: The number of the latest revocation in the store; numbers increase.
        ids: The sessions that were asked for.
    """

    epoch: str
    position: int
    ids: frozenset[SessionId]


class SessionRevocations(Protocol):
    """Sessions that were ended before they expired."""

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        """Revoke one session; an earlier revocation stands."""
        ...

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        """Revoke all sessions of one person, except *but*."""
        ...

    def revoked_after(self, position: int) -> RevokedSessions:
        """Return the sessions whose revocation has a number greater than *position*.

        Revocations that are committed later may have a smaller number than one returned here, if
        their transactions were open at the same time.
        """
        ...

    def is_active(self, actor: Actor) -> bool:
        """Return whether the session of *actor* is stored, not revoked, and theirs in this role.

        False for erased customers and inactive mechanics.
        """
        ...


class Passwords(Protocol):
    """A password hash that is slow on purpose, against theft of the database."""

    def hash(self, password: str) -> str:
        """Return the hash of *password*."""
        ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* matches; without a hash, return False after the same time."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than the present ones."""
        ...


class AccessTokens(Protocol):
    """Signed tokens that authenticate requests."""

    @property
    def life(self) -> int:
        """The lifetime of a token in seconds."""
        ...

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return a token for *actor* that is valid from *at* on."""
        ...
