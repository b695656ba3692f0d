"""Access tokens and their keys, as configured."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import (
    KeyRing,
    UnsuitableKeyError,
    rsa_keys,
    secret_keys,
)
from mechanic_core.values import Clock
from mechanic_shop.settings.choices import JwtAlgorithm
from mechanic_shop.settings.database_url import require_folder
from mechanic_shop.settings.previous_keys import name_previous_key
from mechanic_shop.settings.secret_file import read_or_create_secret, secret_path
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.trusted_files import open_trusted
from mechanic_shop.settings.variables import WrongSettings


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
