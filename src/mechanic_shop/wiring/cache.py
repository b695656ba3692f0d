"""The response cache, in memory or in Redis as configured."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

from mechanic_adapters.caching.cache import LookedUp, ResponseCache
from mechanic_adapters.caching.cache import uncounted as ignore_lookup
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.ports import Nouns, serialised
from mechanic_adapters.resilience.circuit_breaker import uncounted
from mechanic_core.unit_of_work import Store
from mechanic_shop.settings.settings import Cache, Settings


def create_cache(
    settings: Settings,
    on_fallback: Callable[[str], None] = uncounted,
    on_lookup: LookedUp = ignore_lookup,
) -> ResponseCache | None:
    """Return the configured response cache; None if caching is off."""
    match settings.cache_type, settings.cache_redis_url:
        case Cache.REDIS, str(url):
            from mechanic_adapters.caching.redis import redis_answers  # noqa: PLC0415 - optional

            return ResponseCache(redis_answers(url, settings.cache_ttl_s, on_fallback), on_lookup)
        case Cache.NULL, _:
            return None
        case _:
            return ResponseCache(MemoryAnswers(settings.cache_ttl_s), on_lookup)


@contextmanager
def invalidate_on_commit(store: Store, cache: ResponseCache | None) -> Iterator[None]:
    """Let each commit of *store* invalidate *cache*, if there is one; close it on exit."""
    if cache is None:
        yield
        return
    store.subscribe(cache.touched)
    with closing(cache):
        yield


def fetch_from(cache: ResponseCache) -> Callable[[str, Nouns, str], "partial[bytes]"]:
    """Return the function that the HTTP layer fetches encoded responses through."""
    return lambda name, nouns, form: partial(cache.fetch, serialised(name, *nouns, form=form))
