"""What a downgrade deletes, found by a rehearsal in a new SQLite file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from sqlalchemy import Connection, NullPool, column, create_engine, func, inspect, select, table

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.ownership import found_version

_Columns: TypeAlias = Mapping[str, frozenset[str]]


def losses(connection: Connection, to: str) -> Mapping[str, int]:
    """Return the tables with rows and the filled columns that a downgrade to *to* drops.

    Tables have their number of rows, columns (`customers.has_login`) their number of values. Those
    that a shop has from the beginning do not count. Raises `CommandError` for an unknown version.
    """
    with TemporaryDirectory(prefix="mechanic-shop-") as folder:
        url = f"sqlite:///{Path(folder) / 'new.db'}"
        runner.upgrade(url, found_version(connection) or "base")
        with _connected(url) as new:
            before = _columns(new)
            counts = _counts(new, [(name, one) for name in before for one in (None, *before[name])])
        runner.downgrade(url, to)
        with _connected(url) as new:
            after = _columns(new)
    found = _counts(connection, _dropped(_columns(connection), before, after))
    return {name: number for name, number in found.items() if number > counts[name]}


def _dropped(
    there: _Columns, before: _Columns, after: _Columns
) -> Sequence[tuple[str, str | None]]:
    """Return the tables, without a column, and columns of *there* that go from *before* to *after*."""
    ours = sorted(there.keys() & before.keys())
    tables = [(name, None) for name in ours if name not in after]
    columns = [
        (name, one)
        for name in ours
        if name in after
        for one in sorted((before[name] - after[name]) & there[name])
    ]
    return [*tables, *columns]


def _columns(connection: Connection) -> _Columns:
    """Return the names of the columns of each table."""
    found = inspect(connection)
    return {
        name: frozenset(one["name"] for one in found.get_columns(name))
        for name in found.get_table_names()
    }


def _counts(connection: Connection, places: Sequence[tuple[str, str | None]]) -> Mapping[str, int]:
    """Return the number of rows of each table, and of values of each column."""
    counts = {}
    for name, one in places:
        counted = func.count(column(one)) if one else func.count()
        number = connection.scalar(select(counted).select_from(table(name)))
        counts[f"{name}.{one}" if one else name] = number or 0
    return counts


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
