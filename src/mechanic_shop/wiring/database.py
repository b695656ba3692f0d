"""The database that the settings name, made ready and opened."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import ClassVar

from mechanic_adapters.caching.cache import LookedUp, ResponseCache
from mechanic_adapters.caching.cache import uncounted as unseen
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.ports import Nouns, serialised
from mechanic_adapters.resilience.circuit_breaker import uncounted
from mechanic_adapters.sql.migrations import version
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_core.idempotency import EXPIRY
from mechanic_core.unit_of_work import Store
from mechanic_shop.settings.database_address import reached
from mechanic_shop.settings.secret_file import sqlite_file
from mechanic_shop.settings.settings import Cache, Settings


class SchemaOld(Refused):
    """The database's schema is not the newest."""

    exit_code: ClassVar = 1


class SchemaNewer(Refused):
    """The database is newer than this program."""

    exit_code: ClassVar = 1


def make_ready(sql: SqlStore, url: str) -> None:
    """Bring an SQLite file to the newest schema; raise `SchemaOld` where PostgreSQL is older.

    There, several machines run on one database: when it changes is for people to say. A newer
    schema will do, so that the version before it can still be started while a new one comes in.
    """
    file = sqlite_file(url)
    with reached(url):
        found = None if file and not file.exists() else sql.version()
    if is_new_enough(found):
        return
    if not file:
        raise SchemaOld(_wanting(found))
    sql.close()
    upgrade(url)


def is_new_enough(found: str | None) -> bool:
    """Return whether the shop can run on the schema *found*."""
    return found is not None and found >= version.newest()


def upgrade(url: str) -> None:
    """Bring the schema to the newest. Raises what `reached` raises."""
    with reached(url):
        import_module("mechanic_adapters.sql.migrations.runner").upgrade(
            url
        )  # half a second, seldom needed


def current(url: str) -> str | None:
    """Return the schema's revision, None where there is none. Raises what `reached` raises."""
    with reached(url):
        found: str | None = import_module("mechanic_adapters.sql.migrations.runner").current(url)
    return found


def known(url: str) -> str | None:
    """Return the schema's revision as `current` does; raise `SchemaNewer` if it is not known."""
    found, newest = current(url), version.newest()
    if found is not None and found > newest:
        raise SchemaNewer(
            f"the database is newer than this program: its schema is at {found}, and the newest "
            f"known here is {newest}"
        )
    return found


def must_be_newest(url: str) -> str:
    """Return the schema's revision; raise `SchemaOld` or `SchemaNewer` if it is another."""
    found = known(url)
    if found is None or found != version.newest():
        raise SchemaOld(_wanting(found))
    return found


def _wanting(found: str | None) -> str:
    return (
        f"the database's schema is at {found or 'nothing'}, not at {version.newest()}: "
        "run mechanic-shop db upgrade"
    )


@contextmanager
def open_store(settings: Settings, pool_size: int, cache: ResponseCache | None) -> Iterator[Store]:
    """Open the store, whose commits invalidate *cache* if there is one, and close both."""
    with open_sql(settings, pool_size) as sql, invalidated_by(sql, cache):
        yield sql


@contextmanager
def open_sql(settings: Settings, pool_size: int) -> Iterator[SqlStore]:
    """Open the database itself, its schema made ready, and close it in the end."""
    with closing(SqlStore.open(settings.database_url, pool_size=pool_size)) as sql:
        make_ready(sql, settings.database_url)
        yield sql


def swept(store: Store, at: datetime) -> int:
    """Delete the expired stored answers and return their number."""
    with store.begin() as work:
        return work.stored_answers.sweep(at - EXPIRY)


@contextmanager
def invalidated_by(store: Store, cache: ResponseCache | None) -> Iterator[None]:
    """Invalidate *cache*, if there is one, with each commit of *store*; close it at the end."""
    if cache is None:
        yield
        return
    store.subscribe(cache.touched)
    with closing(cache):
        yield


def cache_of(
    settings: Settings,
    fell_back: Callable[[str], None] = uncounted,
    looked_up: LookedUp = unseen,
) -> ResponseCache | None:
    """Return the cache that there is to be, if any; it tells what metrics count."""
    match settings.cache_type, settings.cache_redis_url:
        case Cache.REDIS, str(url):
            shared = import_module("mechanic_adapters.caching.redis")  # with the client, then only
            return ResponseCache(
                shared.redis_answers(url, settings.cache_ttl_s, fell_back), looked_up
            )
        case Cache.NULL, _:
            return None
        case _:
            return ResponseCache(MemoryAnswers(settings.cache_ttl_s), looked_up)


def remembering(cache: ResponseCache) -> Callable[[str, Nouns, str], "partial[bytes]"]:
    """Return what has *cache* keep answers that are written already."""
    return lambda name, nouns, form: partial(cache.fetch, serialised(name, *nouns, form=form))
