"""SQLAlchemy's own connection pool and execution, in place of those of `mechanic_adapters.sql`.

`python -m benchmarks.server_parts --variants` compares them in paired runs.
"""

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy
from sqlalchemy import ClauseElement, Engine, PoolProxiedConnection, QueuePool

from mechanic_adapters.sql.engine import database, engines
from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.executor import Executor, Result
from mechanic_adapters.sql.engine.postgres.session_settings import OWN_SESSION, SESSION

_SLOT: Final = "slot"


class LifoPool(QueuePool):
    """SQLAlchemy's pool, as the shop would use it: the executor leaves nothing to reset."""

    def __init__(self, creator: Any, **options: Any) -> None:
        """Open nothing yet."""
        kept = {**options, "reset_on_return": None}
        timeout = engines.POOL_TIMEOUT_S
        super().__init__(creator, 16, 0, timeout, use_lifo=True, **kept)


class QueuedConnection:
    """A connection of SQLAlchemy's pool, with a cursor for all statements."""

    generation = 0

    def __init__(self, opened: PoolProxiedConnection) -> None:
        """Make the cursor."""
        self.driver = opened.dbapi_connection
        self.cursor = opened.cursor()
        self.session = opened.info.get(SESSION, OWN_SESSION)
        self.opened = opened


class QueuedConnections:
    """The interface of `ConnectionPool` with SQLAlchemy's pool, a cursor in `connection.info`."""

    generation = 0

    def __init__(self, engine: Engine, *_: object) -> None:
        """Open nothing yet."""
        self._engine, self._pool = engine, engine.pool

    def take(self) -> QueuedConnection:
        """Return a connection."""
        opened = self._pool.connect()
        slot: QueuedConnection | None = opened.info.get(_SLOT)
        if slot is None:
            slot = opened.info[_SLOT] = QueuedConnection(opened)
        slot.opened = opened
        return slot

    def release(self, connection: QueuedConnection) -> None:
        """Give the connection back."""
        connection.opened.close()

    def discard(self, connection: QueuedConnection) -> None:
        """Close the connection."""
        connection.opened.invalidate()

    def count(self) -> tuple[int, int]:
        """Return no figures."""
        return 0, 0

    def close(self) -> None:
        """Close the free connections."""
        self._pool.dispose()


def use_queue_pool() -> None:
    """Replace the connection pool by SQLAlchemy's."""
    _replace(engines, "NullPool", LifoPool)
    _replace(database, "ConnectionPool", QueuedConnections)


def use_core_execution() -> None:
    """Let SQLAlchemy Core execute each statement and make its rows."""

    def execute(self: Any, statement: ClauseElement, params: Params) -> Result:
        connection = self._connection or self._connect()
        opened = getattr(connection, "opened", None) or connection._opened  # noqa: SLF001
        core = opened.info.get("core")
        if core is None:
            engine = self._pool._engine  # noqa: SLF001
            core = sqlalchemy.Connection(engine, connection=opened)
            opened.info["core"] = core
        core._dbapi_connection = opened  # noqa: SLF001 - each loan of QueuePool has its own
        self._count("")
        found = core.execute(statement, params)
        self.has_run = True
        return found.rowcount, found.fetchall() if found.returns_rows else ()

    _replace(Executor, "_execute", execute)


def use_neither() -> None:
    """Replace both."""
    use_core_execution()
    use_queue_pool()


def _replace(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)


WITHOUT_DATABASE_PARTS: Final[dict[str, Callable[[], None]]] = {
    "QueuePool": use_queue_pool,
    "Core execution": use_core_execution,
    "QueuePool and Core execution": use_neither,
}
