"""What signs access tokens, as the settings say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import KeyRing, UnfitKeyError, rsa_keys, secret_keys
from mechanic_core.values import Clock
from mechanic_shop.settings.database_address import must_have_room
from mechanic_shop.settings.secret_file import beside, kept_secret
from mechanic_shop.settings.settings import Algorithm, Settings
from mechanic_shop.settings.variables import WrongSettings

_PREVIOUS: Final = "JWT_PREVIOUS_KEYS"


def secret_of(settings: Settings) -> str:
    """Return the secret that is set, or in development the one that is kept."""
    if settings.secret_key:
        return settings.secret_key
    must_have_room(settings.database_url)  # or what is wrong there would be told of the secret
    return kept_secret(beside(settings.database_url))


def tokens_of(settings: Settings, secret: str, now: Clock) -> JwtTokens:
    """Return what issues and reads access tokens. Raises `WrongSettings`."""
    is_rsa = settings.jwt_alg is Algorithm.RS256
    keys = _rsa(settings) if is_rsa else _hmac(secret, settings.jwt_previous_keys)
    return JwtTokens(keys=keys, now=now, life=timedelta(minutes=settings.token_ttl_min))


def _rsa(settings: Settings) -> KeyRing:
    with _named("JWT_PRIVATE_KEY_FILE"):
        private = (settings.jwt_private_key_file or Path()).read_bytes()
        ring = rsa_keys(private)
    with _named(_PREVIOUS):
        previous = [Path(file).read_bytes() for file in settings.jwt_previous_keys]
        return rsa_keys(private, previous) if previous else ring


def _hmac(secret: str, previous: Sequence[str]) -> KeyRing:
    with _named("SECRET_KEY"):
        ring = secret_keys(secret)
    with _named(_PREVIOUS):
        return secret_keys(secret, previous) if previous else ring


@contextmanager
def _named(variable: str) -> Iterator[None]:
    """Have what is wrong in this block told with the name of the *variable* at fault."""
    try:
        yield
    except (UnfitKeyError, OSError) as error:
        raise WrongSettings(f"{variable}: {error}") from None
