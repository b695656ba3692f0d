"""Rows to records and back, by the names of fields and columns.

A record read from the database is built without running its validators: they ran before it was
written, and constraints guard the tables. A page of twenty is read three times as fast this way.
`tests/unit/sql/test_row_mapping.py` checks that the records are the same.
"""

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final, TypeVar

import attrs
import orjson
from sqlalchemy import BigInteger, BindParameter, Column, Table, bindparam

R = TypeVar("R")
D = TypeVar("D")

RECORD_ID: Final = bindparam("record_id", type_=BigInteger)
"""The id of the one record that a statement is about.

In an UPDATE a parameter with the name of its column would be SQLAlchemy's own.
"""


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """Return the names of a record's fields, in order."""
    return tuple(field.name for field in attrs.fields(cls))


def field_columns(table: Table, cls: type[Any]) -> tuple[Column[Any], ...]:
    """Return the columns of *table* that store the fields of *cls*, in order."""
    return tuple(table.c[name] for name in field_names(cls))


def column_parameters(table: Table) -> dict[str, BindParameter[Any]]:
    """Return a parameter for each column of *table* except a generated id, by name."""
    return {c.name: bindparam(c.name, type_=c.type) for c in table.c if c.identity is None}


def record_maker(cls: type[R]) -> Callable[[Iterable[Any]], R]:
    """Return a function that makes a record of its field values, in order.

    It ignores values after the last field.
    """
    new = cls.__new__
    setters = [getattr(cls, name).__set__ for name in field_names(cls)]

    def make(values: Iterable[Any]) -> R:
        record = new(cls)
        for set_field, value in zip(setters, values):  # noqa: B905 - the keyword costs a sixth more time
            set_field(record, value)
        return record

    return make


@functools.cache
def _getter(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = field_names(cls)
    return names, attrgetter(*names)


@functools.cache
def _maker(cls: Any) -> Callable[[Iterable[Any]], Any]:
    return record_maker(cls)


def field_values(record: Any, **nested: Any) -> dict[str, Any]:
    """Return the values of a record's fields by name.

    Args:
        record: The record.
        nested: The class of the record in a field, whose values are returned too, by the names of
            their columns, such as ``by_role``; all are None if the field is.
    """
    cls: Any = type(record)
    names, get = _getter(cls)
    values = dict(zip(names, get(record), strict=True))
    for field, class_of_field in nested.items():
        inner = values[field]
        for name in _getter(class_of_field)[0]:
            values[f"{field}_{name}"] = getattr(inner, name, None)
    return values


def with_values(record: R, **values: Any) -> R:
    """Return *record* with an id or version that the database assigned, without validation."""
    cls: Any = type(record)
    changed: R = _maker(cls)({**field_values(record), **values}.values())
    return changed


def group_by(name: str, records: Iterable[R]) -> dict[Any, tuple[R, ...]]:
    """Return *records*, in the order of the field of that *name*, by its values."""
    return {value: tuple(found) for value, found in itertools.groupby(records, attrgetter(name))}


_NO_ROWS: Final = (None, "[]")
"""What PostgreSQL and SQLite return for no rows."""


def json_rows(text: str | None) -> list[list[Any]]:
    """Return the rows that `json_group` put into *text*, sorted by their first value."""
    return sorted(orjson.loads(text)) if text else []


def json_reader(
    cls: type[R], converters: Mapping[str, Callable[[Any], Any]] | None = None
) -> Callable[[str | None], tuple[R, ...]]:
    """Return a function that makes records of the text of `json_group`, by their first field.

    Args:
        cls: The class of the records; the rows hold its fields in order.
        converters: For fields with a type that JSON does not have.
    """
    make, names = record_maker(cls), field_names(cls)
    conversions = [(names.index(name), to) for name, to in (converters or {}).items()]

    def read(text: str | None) -> tuple[R, ...]:
        if text in _NO_ROWS:
            return ()
        rows = json_rows(text)
        for row in rows:
            for position, convert in conversions:
                row[position] = convert(row[position])
        return tuple(map(make, rows))

    return read


def json_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return *rows* as the parameter of `rows_from_json`."""
    return orjson.dumps(list(rows), _json_value, orjson.OPT_PASSTHROUGH_DATETIME).decode()


def values_text(record: Any) -> str | None:
    """Return the values of a record's fields as a JSON array, for `values_reader`; None for None."""
    if record is None:
        return None
    cls: Any = type(record)
    _, get = _getter(cls)
    return orjson.dumps(get(record)).decode()


def values_reader(cls: type[R], if_null: D) -> Callable[[str | None], R | D]:
    """Return a function that makes a record of the text of `values_text`, *if_null* of None."""
    make = record_maker(cls)

    def read(text: str | None) -> R | D:
        return if_null if text is None else make(orjson.loads(text))

    return read


def words_text(words: Collection[str]) -> str:
    """Return *words* as the value of a column of words."""
    return orjson.dumps(sorted(words)).decode()


def moment_text(moment: datetime | None) -> str | None:
    """Return *moment* as text that sorts by time, to the microsecond, in UTC; None for NULL."""
    return None if moment is None else moment.astimezone(UTC).isoformat(" ", "microseconds")


def moment_from_text(text: str | None) -> datetime | None:
    """Return the moment that `moment_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def _json_value(value: Any) -> str | None:
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))
