"""Access tokens and their keys, as configured."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import (
    KeyRing,
    UnsuitableKeyError,
    rsa_keys,
    secret_keys,
)
from mechanic_core.values import Clock
from mechanic_shop.settings.database_url import require_folder
from mechanic_shop.settings.secret_file import read_or_create_secret, secret_path
from mechanic_shop.settings.settings import JwtAlgorithm, Settings
from mechanic_shop.settings.variables import WrongSettings

_PREVIOUS: Final = "JWT_PREVIOUS_KEYS"


def load_secret(settings: Settings) -> str:
    """Return `SECRET_KEY`, or in development the secret in the file beside the database."""
    if settings.secret_key:
        return settings.secret_key
    require_folder(settings.database_url)  # or a wrong DATABASE_URL would blame the secret file
    return read_or_create_secret(secret_path(settings.database_url))


def create_tokens(settings: Settings, secret: str, now: Clock) -> JwtTokens:
    """Return the issuer and verifier of access tokens. Raises `WrongSettings`."""
    is_rsa = settings.jwt_alg is JwtAlgorithm.RS256
    keys = _rsa_keys(settings) if is_rsa else _hmac_keys(secret, settings.jwt_previous_keys)
    return JwtTokens(keys=keys, now=now, life=timedelta(minutes=settings.token_ttl_min))


def _rsa_keys(settings: Settings) -> KeyRing:
    with _blame("JWT_PRIVATE_KEY_FILE"):
        private = (settings.jwt_private_key_file or Path()).read_bytes()
        ring = rsa_keys(private)
    with _blame(_PREVIOUS):
        previous = [Path(file).read_bytes() for file in settings.jwt_previous_keys]
        return rsa_keys(private, previous) if previous else ring


def _hmac_keys(secret: str, previous: Sequence[str]) -> KeyRing:
    with _blame("SECRET_KEY"):
        ring = secret_keys(secret)
    with _blame(_PREVIOUS):
        return secret_keys(secret, previous) if previous else ring


@contextmanager
def _blame(variable: str) -> Iterator[None]:
    """Raise `WrongSettings` naming *variable* for an unfit key or an unreadable file."""
    try:
        yield
    except (UnsuitableKeyError, OSError) as error:
        raise WrongSettings(f"{variable}: {error}") from None
