"""Rows to records and back, by name.

A record that comes back is put together without its validators: its rules were kept on the
way in, the tables' own constraints stand behind them, and reading a page of twenty is three
times as fast. `tests/unit/test_rows.py` holds that nothing else differs.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, TypeVar

import attrs
import orjson
from sqlalchemy import Column, Table

from mechanic_adapters.sql.engine.column_types import moment_text

R = TypeVar("R")


def names_of(cls: type[Any]) -> tuple[str, ...]:
    """Return the names of a record's fields, in their order."""
    return tuple(field.name for field in attrs.fields(cls))


def columns_of(table: Table, cls: type[Any]) -> tuple[Column[Any], ...]:
    """Return the columns that keep the fields of *cls*, in their order."""
    return tuple(table.c[name] for name in names_of(cls))


def maker(cls: type[R]) -> Callable[[Iterable[Any]], R]:
    """Return what makes a record of the values of its fields, in their order.

    Values behind the last field are not looked at. Written out, as attrs writes constructors,
    it takes two thirds of the time that a loop over the fields takes.
    """
    names = names_of(cls)
    lines = (
        "def make(values):",
        f" {', '.join(names)}, *_ = values",
        " record_ = new_(cls_)",
        *(f" put_{name}(record_, {name})" for name in names),
        " return record_",
    )
    scope: dict[str, Any] = {f"put_{name}": getattr(cls, name).__set__ for name in names}
    scope |= {"new_": cls.__new__, "cls_": cls}
    exec("\n".join(lines), scope)  # noqa: S102 - of nothing but the names of fields
    make: Callable[[Iterable[Any]], R] = scope["make"]
    return make


@functools.cache
def _members(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the names of a record's fields, and what takes their values out of one."""
    names = names_of(cls)
    return names, attrgetter(*names)


@functools.cache
def _maker_of(cls: Any) -> Callable[[Iterable[Any]], Any]:
    return maker(cls)


def values_of(record: Any) -> dict[str, Any]:
    """Return the values of a record's fields by name."""
    cls: Any = type(record)
    names, members = _members(cls)
    return dict(zip(names, members(record), strict=True))


def kept(record: R, **given: Any) -> R:
    """Return *record* with what the database has *given* it, an id or a version.

    Nothing else is new, so no rule is asked again.
    """
    cls: Any = type(record)
    same: R = _maker_of(cls)({**values_of(record), **given}.values())
    return same


def gathered_rows(text: str | None) -> list[list[Any]]:
    """Return the rows that `gathered` put into *text*, by their first value."""
    if not text:
        return []
    rows: list[list[Any]] = orjson.loads(text)
    rows.sort()
    return rows


def rows_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return *rows* as the text that `sent_rows` takes."""
    return orjson.dumps(list(rows), _plain, orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))
