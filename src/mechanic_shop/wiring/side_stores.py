"""The Redis and Valkey servers of cache and rate limits, looked at before the start."""

from collections.abc import Iterator

from mechanic_adapters.addresses import WrongAddress
from mechanic_adapters.rate_limits.limiter import MEMORY
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.variables import WrongSettings


def require_side_stores(settings: Settings) -> None:
    """Raise `WrongSettings` if a server refuses what trying again does not mend.

    One that does not answer is waited for: limits and cache use memory meanwhile.
    """
    checked = set()
    for variable, url in _addresses(settings):
        if url not in checked:
            checked.add(url)
            _require_usable(variable, url)


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the variable and the address of each server."""
    if settings.cache_type is CacheType.REDIS and settings.cache_redis_url:
        yield "CACHE_REDIS_URL", settings.cache_redis_url
    if settings.rate_limit_storage_url != MEMORY:
        yield "RATE_LIMIT_STORAGE_URL", settings.rate_limit_storage_url


def _require_usable(variable: str, url: str) -> None:
    from mechanic_adapters.resilience.redis_addresses import (  # noqa: PLC0415 - optional
        RedisAddress,
    )
    from mechanic_adapters.resilience.redis_connections import (  # noqa: PLC0415 - optional
        require_usable,
    )

    try:
        require_usable(url)
    except WrongAddress as wrong:
        place = RedisAddress.parse(url)
        raise WrongSettings(f"{variable}: the server at {place} cannot be used: {wrong}") from None
