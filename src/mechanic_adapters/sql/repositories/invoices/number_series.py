"""Series of numbers in SQL."""

from typing import Final, final

from attrs import frozen
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    column_parameters,
    field_columns,
    field_values,
    record_maker,
)
from mechanic_adapters.sql.schema.invoices.invoices import number_series
from mechanic_core.invoices.number_series import Series
from mechanic_core.invoices.ports import NumberSeries

_NOUN: Final = "invoices"
_columns = column_parameters(number_series)
_make = record_maker(Series)
_is_it = number_series.c.prefix == bindparam("wanted", type_=KEY)
_LOCK = select(*field_columns(number_series, Series)).where(_is_it).with_for_update()
_START = insert(number_series).values(_columns).on_conflict_do_nothing()
_SAVE = (
    update(number_series)
    .values({name: _columns[name] for name in ("last", "digest")})
    .where(_is_it)
)


@final
@frozen
class SqlNumberSeries(NumberSeries):
    """The table of the last numbers."""

    _executor: Executor

    def lock(self, prefix: str) -> Series:
        return self._lock(prefix) or self._start(Series(prefix=prefix))

    def save(self, series: Series) -> None:
        self._executor.write(_NOUN, _SAVE, {**field_values(series), "wanted": series.prefix})

    def _lock(self, prefix: str) -> Series | None:
        """Return the series as the last transaction that had it has left it."""
        row = self._executor.first(_LOCK, {"wanted": prefix})
        return _make(row) if row else None

    def _start(self, new: Series) -> Series:
        """Return a new series, or that of another transaction that has started it meanwhile.

        The insertion waits for the end of that transaction, and the statement after it sees what
        was committed.
        """
        self._executor.write(_NOUN, _START, field_values(new))
        return self._lock(new.prefix) or new
