"""The configured database: opened with an up-to-date schema."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from typing import ClassVar, Final

from mechanic_adapters.sql.engine.outages import Cause
from mechanic_adapters.sql.migrations import version
from mechanic_adapters.sql.migrations.lock_retries import PATIENT, LockRetries
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_shop.settings.database_url import (
    DatabaseAway,
    name_of_place,
    require_folder,
    sqlite_file,
    translate_errors,
)
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.background_thread import BackgroundThread

PROBE_PERIOD_S: Final = 0.5
"""How often a process compares the replica with the primary."""

_log: Final = logging.getLogger(__name__)


class SchemaOld(Refused):
    """The database's schema is older than this program."""

    exit_code: ClassVar = 1


class SchemaNewer(Refused):
    """The database's schema is newer than this program."""

    exit_code: ClassVar = 1


class NoShop(Refused):
    """The database has no schema, and this command creates none."""

    exit_code: ClassVar = 1


@contextmanager
def open_database(
    settings: Settings,
    pool_size: int | None = None,
    *,
    must_exist: bool = False,
    wait: bool = False,
) -> Iterator[SqlStore]:
    """Open the database, its schema up to date, and close it on exit.

    Args:
        settings: The settings.
        pool_size: The maximum number of connections, instead of that in the settings.
        must_exist: Whether a missing SQLite file is refused instead of created.
        wait: Whether a database that does not answer is opened too; its schema is checked before
            it is used, and until then every use raises `Unavailable`.

    Raises `SchemaOld`, `NoShop`, and what `translate_errors` raises.
    """
    url, prepares = settings.database_url, settings.database_prepared_statements
    require_folder(url)
    if must_exist:
        require_shop(url)
    opened = SqlStore.open(
        url,
        pool_size=pool_size or settings.database_pool_size,
        prepares=prepares,
        replica_url=settings.database_replica_url,
    )
    with closing(opened) as store:
        try:
            _ensure_schema(store, url)
            _warn_of_pooler(store, prepares=prepares)
        except DatabaseAway as away:
            if not wait:
                raise
            _log.warning("started without the database: %s", away)
            store.admission.hold(partial(_schema_fault, store, url, prepares=prepares))
        with _probing(store):
            yield store


@contextmanager
def open_existing_database(settings: Settings) -> Iterator[SqlStore]:
    """Open the database for a command, with one connection.

    Raises `NoShop`, and what `translate_errors` raises, also for what the block does.
    """
    with (
        translate_errors(settings.database_url),
        open_database(settings, 1, must_exist=True) as store,
    ):
        yield store


def _probing(store: SqlStore) -> AbstractContextManager[object]:
    """Return a block in which the replica of *store*, if it has one, is probed."""
    if store.lagging_reads is None:
        return nullcontext()
    replica = store.lagging_reads.replica
    return BackgroundThread("replica", lambda _: replica.probe(), PROBE_PERIOD_S)


def require_shop(url: str) -> None:
    """Raise `NoShop` if to open the database would create an empty shop.

    Nothing creates one in PostgreSQL but `db upgrade`. Raises what `translate_errors` raises.
    """
    file = sqlite_file(url)
    if file is None:
        return
    with translate_errors(url), closing(SqlStore.open(url, pool_size=1)) as store:
        found = store.schema_version() if file.exists() else None
    if found is None and schema_version(url) is None:  # as a former release stored it
        raise NoShop(_upgrade_needed(None, url))


def _warn_of_pooler(store: SqlStore, *, prepares: bool) -> None:
    """Log what a pooler that shares the sessions takes from them."""
    session = store.database.session()
    if session.is_shared and session.unlimited:
        names = ", ".join(session.unlimited)
        _log.warning("the pooler has swallowed time-outs: set %s for the role", names)
    if session.is_shared and prepares:
        _log.warning(
            "a pooler shares the sessions: set DATABASE_PREPARED_STATEMENTS=off unless it keeps "
            "prepared statements"
        )


def _schema_fault(store: SqlStore, url: str, *, prepares: bool) -> Cause | None:
    """Return why this program does not run on the schema; None if it does.

    Log then, as at the start, what a pooler takes from the sessions. Raises `Unavailable`.
    """
    found = store.schema_version()
    if not version.is_supported(found):
        return Cause(_upgrade_needed(found, url))
    _warn_of_pooler(store, prepares=prepares)
    return None


def _ensure_schema(store: SqlStore, url: str) -> None:
    """Upgrade the schema of an SQLite file; raise `SchemaOld` for an old one in PostgreSQL.

    Raises `SchemaUnknown` for a version that is none of the shop's.

    Several machines may share a PostgreSQL database, so its operators decide when to upgrade.
    A newer schema is accepted: the previous release must still start during a deployment.
    """
    file = sqlite_file(url)
    with translate_errors(url):
        found = None if file and not file.exists() else store.schema_version()
    if not version.is_supported(found):
        found = schema_version(url)  # as a former release stored it
    if version.is_supported(found):
        return
    if not file:
        raise SchemaOld(_upgrade_needed(found, url))
    store.close()
    upgrade_schema(url)


def upgrade_schema(url: str, retries: LockRetries = PATIENT) -> None:
    """Upgrade the schema to the newest version. Raises what `translate_errors` raises."""
    from mechanic_adapters.sql.migrations import runner  # noqa: PLC0415 - 0.5 s, seldom needed

    with translate_errors(url):
        runner.upgrade(url, retries=retries)


def schema_version(url: str) -> str | None:
    """Return the schema's version, None if there is none. Raises as `translate_errors`."""
    from mechanic_adapters.sql.migrations import runner  # noqa: PLC0415 - as above

    with translate_errors(url):
        return runner.current(url)


def known_schema_version(url: str) -> str | None:
    """Return `schema_version`; raise `SchemaNewer` if this program does not know it."""
    found, newest = schema_version(url), version.newest()
    if found is not None and version.is_newer(found):
        raise SchemaNewer(
            f"the database's schema {found} is newer than this program, which supports {newest}"
        )
    return found


def require_newest_schema(url: str) -> str:
    """Return the schema's version; raise `SchemaOld` or `SchemaNewer` if it is another."""
    found = known_schema_version(url)
    if found is None or found != version.newest():
        raise SchemaOld(_upgrade_needed(found, url))
    return found


def unsafe_server_settings(url: str) -> tuple[str, ...]:
    """Return the database server's settings that are off although a crash then damages the data.

    Raises what `translate_errors` raises.
    """
    from mechanic_adapters.sql.migrations import runner  # noqa: PLC0415 - as above

    with translate_errors(url):
        return runner.unsafe_server_settings(url)


def _upgrade_needed(found: str | None, url: str) -> str:
    if found is None:
        return (
            f"there is no shop in {name_of_place(url)}: set DATABASE_URL to its place; "
            "to create one, run mechanic-shop db upgrade"
        )
    return f"the database's schema is {found}, not {version.newest()}: run mechanic-shop db upgrade"
