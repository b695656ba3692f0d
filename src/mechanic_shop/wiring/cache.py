"""The response cache, in memory or in Redis as configured."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager

from mechanic_adapters.caching.cache import CountLookup, Fetch, ResponseCache, ignore_lookup
from mechanic_adapters.caching.memory import MemoryCache
from mechanic_adapters.caching.storage import Nouns
from mechanic_adapters.resilience.circuit_breaker import ignore_fallback
from mechanic_core.unit_of_work import Store
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.settings.settings import Settings


def create_cache(
    settings: Settings,
    on_fallback: Callable[[str], None] = ignore_fallback,
    on_lookup: CountLookup = ignore_lookup,
) -> ResponseCache | None:
    """Return the configured response cache; None if caching is off."""
    match settings.cache_type, settings.cache_redis_url:
        case CacheType.REDIS, str(url):
            from mechanic_adapters.caching.redis import RedisCache  # noqa: PLC0415 - optional

            return ResponseCache(RedisCache.open(url, settings.cache_ttl_s, on_fallback), on_lookup)
        case CacheType.NULL, _:
            return None
        case _:
            return ResponseCache(MemoryCache(settings.cache_ttl_s), on_lookup)


@contextmanager
def invalidate_on_commit(store: Store, cache: ResponseCache | None) -> Iterator[None]:
    """Let each commit of *store* invalidate *cache*, if there is one; close it on exit."""
    if cache is None:
        yield
        return
    store.subscribe(cache.invalidate)
    with closing(cache):
        yield


def checked_regions(
    cache: ResponseCache, check: Callable[[], None]
) -> Callable[[str, Nouns, str], Fetch]:
    """Return `ResponseCache.region` of *cache* with a *check* before each lookup."""

    def region(name: str, nouns: Nouns, version: str) -> Fetch:
        fetch = cache.region(name, nouns, version)

        def checked(key: Hashable, make: Callable[[], bytes]) -> bytes:
            check()
            return fetch(key, make)

        return checked

    return region
