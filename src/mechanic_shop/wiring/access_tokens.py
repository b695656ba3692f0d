"""Access tokens and their keys, as configured."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import final

from attrs import define, field

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import (
    KeyRing,
    UnsuitableKeyError,
    rsa_keys,
    secret_keys,
)
from mechanic_core.access import Actor
from mechanic_core.accounts.ports import AccessTokens
from mechanic_core.shop import Shop
from mechanic_core.values import Clock
from mechanic_shop.settings.choices import JwtAlgorithm
from mechanic_shop.settings.database_url import require_folder
from mechanic_shop.settings.previous_keys import name_previous_key
from mechanic_shop.settings.secret_file import read_or_create_secret, secret_path
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.trusted_files import open_trusted
from mechanic_shop.settings.variables import WrongSettings
from mechanic_shop.wiring.clock import utc_now


@final
@define(eq=False)
class ConfiguredTokens(AccessTokens):
    """Access tokens as configured; their secret is made when the first of them needs it."""

    _settings: Settings
    secret: Callable[[], str]
    """Returns the secret, the same each time."""
    _made: JwtTokens | None = field(default=None, init=False)

    @property
    def life(self) -> int:
        """The lifetime of a token in seconds."""
        return 60 * self._settings.token_ttl_min

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return a token for *actor* that is valid from *at* on. Raises `WrongSettings`."""
        return self.make().issue(actor, at)

    def link_secrets(self) -> tuple[str, ...]:
        """Return the secret, and former ones that are accepted while rotating."""
        is_rsa = self._settings.jwt_alg is JwtAlgorithm.RS256  # whose former keys are files
        return self.secret(), *(() if is_rsa else self._settings.jwt_previous_keys)

    def make(self) -> JwtTokens:
        """Return the issuer and verifier. Raises `WrongSettings`."""
        if self._made is None:
            secret = "" if self._settings.jwt_alg is JwtAlgorithm.RS256 else self.secret()
            self._made = create_tokens(self._settings, secret, utc_now)
        return self._made


def configure_tokens(settings: Settings, *, has_database: bool) -> ConfiguredTokens:
    """Return the access tokens of a shop; raise `WrongSettings` for keys that cannot be used.

    Without `SECRET_KEY` the secret is in a file beside the database, which is created with the
    first token. A shop without a database of ours has a random secret, which ends with it.
    """
    if settings.secret_key:
        tokens = ConfiguredTokens(settings, partial(str, settings.secret_key))
    elif not has_database:
        tokens = ConfiguredTokens(settings, partial(str, secrets.token_urlsafe(48)))
    else:
        require_folder(settings.database_url)  # or a wrong one would blame the secret file
        file = secret_path(settings.database_url)
        is_new = not os.path.lexists(file)
        if is_new:
            file = file.absolute()  # the working directory may change meanwhile
        tokens = ConfiguredTokens(settings, cache(partial(read_or_create_secret, file)))
        if is_new and settings.jwt_alg is JwtAlgorithm.HS256:
            return tokens
    tokens.make()
    return tokens


def tokens_of(shop: Shop) -> ConfiguredTokens:
    """Return the access tokens of *shop*. Raises `TypeError` if it was put together otherwise."""
    tokens = shop.log_in_staff.token_issuer.tokens
    if not isinstance(tokens, ConfiguredTokens):
        raise TypeError("an application needs a shop from open_shop, which can verify its tokens")
    return tokens


def create_tokens(settings: Settings, secret: str, now: Clock) -> JwtTokens:
    """Return the issuer and verifier of access tokens. Raises `WrongSettings`."""
    is_rsa = settings.jwt_alg is JwtAlgorithm.RS256
    keys = _rsa_keys(settings) if is_rsa else _hmac_keys(secret, settings.jwt_previous_keys)
    return JwtTokens(keys=keys, now=now, life=timedelta(minutes=settings.token_ttl_min))


def _rsa_keys(settings: Settings) -> KeyRing:
    with _blame("JWT_PRIVATE_KEY_FILE"):
        private = _read(settings.jwt_private_key_file or Path())
        ring = rsa_keys(private)
    previous = []
    for place, file in enumerate(settings.jwt_previous_keys, 1):
        with _blame_previous(place):
            previous.append(_read(Path(file)))
            rsa_keys(private, previous[-1:])
    return rsa_keys(private, previous) if previous else ring


def _hmac_keys(secret: str, previous: Sequence[str]) -> KeyRing:
    with _blame("SECRET_KEY"):
        ring = secret_keys(secret)
    for place, one in enumerate(previous, 1):
        with _blame_previous(place):
            secret_keys(secret, [one])
    return secret_keys(secret, previous) if previous else ring


def _read(file: Path) -> bytes:
    with open_trusted(file) as opened:
        return opened.read()


@contextmanager
def _blame(variable: str) -> Iterator[None]:
    """Raise `WrongSettings` naming *variable* for an unfit key or an unreadable file."""
    try:
        yield
    except (UnsuitableKeyError, OSError, WrongSettings) as error:
        raise WrongSettings(f"{variable}: {error}") from None


@contextmanager
def _blame_previous(place: int) -> Iterator[None]:
    """Raise `WrongSettings` naming a previous key by its *place*.

    The text of the variable is never shown: it may be a secret where a file is expected.
    """
    key = name_previous_key(place)
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise WrongSettings(f"{key} cannot be used: {reason}") from None
    except WrongSettings as error:
        raise WrongSettings(f"{key}: {error}") from None
