"""Log in, refresh tokens, log out, and change the password."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import ANY_LOGIN, PUBLIC, Actor, Role, SessionId
from mechanic_core.accounts.account import (
    Account,
    Credentials,
    LogoutRequest,
    Me,
    PasswordChange,
    RefreshRequest,
    RefreshToken,
    Session,
    TokenPair,
    TokenRefused,
    WrongCredentials,
    WrongPassword,
    digest_of,
)
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import NotFound
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class TokenIssuer:
    """Issues pairs of access and refresh tokens."""

    tokens: AccessTokens
    new_secret: Callable[[], str]
    refresh_life: timedelta

    def pair(
        self, role: Role, holder_id: int, session_id: SessionId, at: datetime
    ) -> tuple[TokenPair, RefreshToken]:
        """Return a new pair, and its refresh token as it is stored."""
        secret = self.new_secret()
        actor = Actor(role=role, id=holder_id, session=session_id)
        pair = TokenPair(
            token=self.tokens.issue(actor, at),
            expires_in=self.tokens.life,
            refresh_token=secret,
        )
        return pair, RefreshToken.of(secret, session_id, at, self.refresh_life)


@final
@frozen
class LogIn:
    """Log in with e-mail and password: as staff, or else as a customer."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (WrongCredentials,)

    staff: bool
    begin: Begin
    read_only: ReadOnly
    now: Clock
    passwords: Passwords
    token_issuer: TokenIssuer

    def __call__(self, actor: Actor, credentials: Credentials) -> TokenPair:
        """Return tokens. The password is verified outside any transaction, since that is slow."""
        self.policy.admit(actor)
        with self.read_only() as work:
            account = work.accounts.find(credentials.email, staff=self.staff)
        password_hash = account.password_hash if account and account.active else None
        if not self.passwords.verify(password_hash, credentials.password) or account is None:
            raise WrongCredentials
        rehashed = None
        if self.passwords.outdated(account.password_hash):
            rehashed = self.passwords.hash(credentials.password)
        return self._start(account, rehashed)

    @retry_on_conflict
    def _start(self, account: Account, rehashed: str | None) -> TokenPair:
        at = self.now()
        session_id = SessionId(self.token_issuer.new_secret())
        pair, token = self.token_issuer.pair(account.role, account.holder_id, session_id, at)
        with self.begin() as work:
            if work.accounts.lock(account.role, account.holder_id) != account:
                raise WrongCredentials
            work.sessions.start(
                Session(
                    id=session_id,
                    role=account.role,
                    holder_id=account.holder_id,
                    started_at=at,
                ),
                token,
            )
            if rehashed:
                work.accounts.put(evolve(account, password_hash=rehashed))
        return pair


@final
@frozen
class RefreshTokens:
    """Exchange a refresh token for a new pair; reuse of a token revokes its session."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (TokenRefused,)

    begin: Begin
    now: Clock
    token_issuer: TokenIssuer

    def __call__(self, actor: Actor, request: RefreshRequest) -> TokenPair:
        """Return the next pair (RFC 9700, section 4.14.2: rotation with reuse detection)."""
        self.policy.admit(actor)
        pair = self._rotate(digest_of(request.refresh_token))
        if pair is None:
            raise TokenRefused
        return pair

    @retry_on_conflict
    def _rotate(self, digest: str) -> TokenPair | None:
        at = self.now()
        with self.begin() as work:
            if not (locked := work.sessions.lock(digest)):
                return None
            session, spent = locked
            if session.revoked_at or spent.expires_at <= at:
                return None
            account = work.accounts.of(session.role, session.holder_id)
            if spent.used_at or account is None or not account.active:
                work.revocations.revoke(session.id, at)
                return None
            pair, fresh = self.token_issuer.pair(account.role, account.holder_id, session.id, at)
            work.sessions.rotate(spent.mark_used(at), fresh)
            return pair


@final
@frozen
class LogOut:
    """End a session: its tokens are no longer valid."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, request: LogoutRequest) -> None:
        """Revoke the caller's session, and that of the refresh token if it is the caller's too."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            if actor.session:
                work.revocations.revoke(actor.session, at)
            if request.refresh_token:
                locked = work.sessions.lock(digest_of(request.refresh_token))
                if locked and (locked[0].role, locked[0].holder_id) == (actor.role, actor.id):
                    work.revocations.revoke(locked[0].id, at)


@final
@frozen
class ReadMe:
    """Read your own account."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (TokenRefused,)

    read_only: ReadOnly

    def __call__(self, actor: Actor) -> Me:
        """Return the caller's name, address and role."""
        self.policy.admit(actor)
        try:
            return self._read(actor)
        except NotFound:
            raise TokenRefused from None

    def _read(self, actor: Actor) -> Me:
        with self.read_only() as work:
            if actor.role is Role.CUSTOMER:
                customer = work.customers.get(CustomerId(actor.id))
                if customer.email is None:
                    raise TokenRefused
                return Me(id=actor.id, role=actor.role, name=customer.name, email=customer.email)
            mechanic = work.mechanics.get(MechanicId(actor.id))
            return Me(id=actor.id, role=mechanic.role, name=mechanic.name, email=mechanic.email)


@final
@frozen
class ChangePassword:
    """Change your password; all other sessions end."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (WrongPassword, TokenRefused)

    begin: Begin
    read_only: ReadOnly
    now: Clock
    passwords: Passwords

    def __call__(self, actor: Actor, change: PasswordChange) -> None:
        """Set the new password after verifying the current one."""
        self.policy.admit(actor)
        role = actor.role or Role.CUSTOMER
        with self.read_only() as work:
            account = work.accounts.of(role, actor.id)
        if account is None or not account.active:
            raise TokenRefused
        if not self.passwords.verify(account.password_hash, change.current_password):
            raise WrongPassword
        self._save(actor, account, self.passwords.hash(change.new_password))

    @retry_on_conflict
    def _save(self, actor: Actor, account: Account, password_hash: str) -> None:
        with self.begin() as work:
            if work.accounts.lock(account.role, account.holder_id) != account:
                raise WrongPassword
            work.accounts.put(evolve(account, password_hash=password_hash))
            work.password_resets.end(account.role, account.holder_id)
            work.revocations.revoke_all(
                account.role, account.holder_id, self.now(), but=actor.session
            )
