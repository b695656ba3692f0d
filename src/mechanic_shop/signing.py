"""What signs access tokens, as the settings say."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from mechanic_adapters.keys import KeyRing, UnfitKeyError, rsa_keys, secret_keys
from mechanic_adapters.tokens import JwtTokens
from mechanic_core.texts import Clock
from mechanic_shop.secret_file import beside, kept_secret
from mechanic_shop.settings import Algorithm, Settings
from mechanic_shop.variables import WrongSettings

_RSA: Final = "JWT_PRIVATE_KEY_FILE or JWT_PREVIOUS_KEYS"
_HMAC: Final = "SECRET_KEY or JWT_PREVIOUS_KEYS"


def secret_of(settings: Settings) -> str:
    """Return the secret that is set, or in development the one that is kept."""
    return settings.secret_key or kept_secret(beside(settings.database_url))


def tokens_of(settings: Settings, secret: str, now: Clock) -> JwtTokens:
    """Return what issues and reads access tokens. Raises `WrongSettings`."""
    if settings.jwt_alg is Algorithm.RS256:
        keys = _checked(_RSA, lambda: _rsa(settings))
    else:
        keys = _checked(_HMAC, lambda: secret_keys(secret, settings.jwt_previous_keys))
    return JwtTokens(keys=keys, now=now, life=timedelta(minutes=settings.token_ttl_min))


def _rsa(settings: Settings) -> KeyRing:
    private = settings.jwt_private_key_file or Path()
    return rsa_keys(
        private.read_bytes(), [Path(file).read_bytes() for file in settings.jwt_previous_keys]
    )


def _checked(names: str, make: Callable[[], KeyRing]) -> KeyRing:
    try:
        return make()
    except (UnfitKeyError, OSError) as error:
        raise WrongSettings(f"{names}: {error}") from None
