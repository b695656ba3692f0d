"""The database that the settings name, made ready and opened."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import ClassVar

from mechanic_adapters.breaker import uncounted
from mechanic_adapters.caching.cache import AnswerCache
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.redis import redis_answers
from mechanic_adapters.caching.store import CachedStore, Store
from mechanic_adapters.sql import schema
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_shop.secret_file import sqlite_file
from mechanic_shop.settings import Cache, Settings
from mechanic_shop.variables import WrongSettings


class SchemaOld(Refused):
    """The database's schema is not the newest."""

    exit_code: ClassVar = 1


def make_ready(url: str) -> None:
    """Bring an SQLite file to the newest schema; raise `SchemaOld` where PostgreSQL is older.

    There, several machines run on one database: when it changes is for people to say. A newer
    schema will do, so that the version before it can still be started while a new one comes in.
    """
    found = schema.current(url)
    if found is not None and found >= schema.newest():
        return
    if not url.startswith("sqlite"):
        raise SchemaOld(_wanting(found))
    upgrade(url)


def upgrade(url: str) -> None:
    """Bring the schema to the newest; raise `WrongSettings` where an SQLite file has no folder."""
    file = sqlite_file(url)
    if file and not file.parent.is_dir():
        raise WrongSettings(f"DATABASE_URL: there is no folder {file.parent}")
    schema.upgrade(url)


def must_be_newest(url: str) -> str:
    """Return the schema's revision; raise `SchemaOld` if it is not the newest."""
    found = schema.current(url)
    if found != schema.newest():
        raise SchemaOld(_wanting(found))
    return found


def _wanting(found: str | None) -> str:
    return (
        f"the database's schema is at {found or 'nothing'}, not at {schema.newest()}: "
        "run mechanic-shop db upgrade"
    )


@contextmanager
def open_store(settings: Settings, pool_size: int, cache: AnswerCache | None) -> Iterator[Store]:
    """Open the store, behind *cache* if there is one, and close both in the end."""
    make_ready(settings.database_url)
    sql = SqlStore.open(settings.database_url, pool_size=pool_size)
    with closing(CachedStore(sql, cache) if cache else sql) as store:
        yield store


def cache_of(settings: Settings) -> AnswerCache | None:
    """Return the cache that there is to be, if any."""
    match settings.cache_type, settings.cache_redis_url:
        case Cache.REDIS, str(url):
            return AnswerCache(redis_answers(url, settings.cache_ttl_s, uncounted))
        case Cache.NULL, _:
            return None
        case _:
            return AnswerCache(MemoryAnswers(settings.cache_ttl_s))
