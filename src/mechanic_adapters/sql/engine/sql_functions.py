"""Pieces of SQL that PostgreSQL and SQLite spell differently."""

from collections.abc import Sequence
from datetime import date
from typing import Any, final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Date,
    Select,
    Text,
    bindparam,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from mechanic_adapters.sql.engine.column_types import IDS


@final
class _Among(FunctionElement[Any]):
    """Whether a value is one of a list of parameters.

    It has no type: for a boolean one SQLite would be asked whether it is 1, past any index.
    """

    inherit_cache = True


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return whether *column* is one of the ids in the parameter *name*."""
    return _Among(column, bindparam(name, type_=IDS))


@compiles(_Among, "postgresql")
def _any_of(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, members = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (CAST({members} AS BIGINT[])))"


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, members = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({members})))"  # noqa: S608 - of compiled SQL


@final
class gathered(FunctionElement[str]):  # noqa: N801 - used as a function
    """The rows of a group as one JSON text: a list of lists, in no order; null for no rows."""

    inherit_cache = True
    type = Text()


@compiles(gathered, "postgresql")
def _json_agg(element: "gathered", compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **kw)})) AS TEXT)"


@compiles(gathered, "sqlite")
def _json_group_array(element: "gathered", compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


@final
class qualified(FunctionElement[Any]):  # noqa: N801 - used as a function
    """An expression of several tables among what an INSERT returns.

    There SQLAlchemy leaves the names of tables out for SQLite, and columns become ambiguous.
    """

    inherit_cache = True


@compiles(qualified)
def _with_tables(element: "qualified", compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **{**kw, "include_table": True})


@final
class _Items(FunctionElement[Any]):
    """The items of a JSON list, as a table of one column named *value*."""

    inherit_cache = True


@compiles(_Items, "postgresql")
def _json_array_elements(element: _Items, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


@compiles(_Items, "sqlite")
def _json_each(element: _Items, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@final
class _Member(FunctionElement[Any]):
    """A member of a JSON list, by its place."""

    inherit_cache = True

    def __init__(self, item: ColumnElement[Any], place: int, type_: TypeEngine[Any]) -> None:
        """Remember which member is meant; it reads as a value of *type_*."""
        super().__init__(item)
        self.place = place
        self.type = type_


@compiles(_Member, "postgresql")
def _cast_member(element: _Member, compiler: SQLCompiler, **kw: Any) -> str:
    plain = Text() if isinstance(element.type, Text) else element.type  # without its collation
    kind = compiler.dialect.type_compiler_instance.process(plain)
    return f"CAST({compiler.process(element.clauses, **kw)} ->> {element.place} AS {kind})"


@compiles(_Member, "sqlite")
def _json_extract(element: _Member, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **kw)}, '$[{element.place}]')"


def sent_rows(columns: Sequence[Column[Any]], name: str = "rows") -> Select[Any]:
    """Return the rows in the parameter *name*, a JSON list of lists of values for *columns*.

    However many rows there are, the statement around stays the same.
    """
    rows: BindParameter[str] = bindparam(name, type_=Text)
    value = _Items(rows).table_valued("value", name="sent").c.value
    return select(
        *(
            _Member(value, place, column.type).label(column.name)
            for place, column in enumerate(columns)
        )
    )


@final
class first_of_year(FunctionElement[date]):  # noqa: N801 - used as a function
    """The first day of the year that a day lies in."""

    inherit_cache = True
    type = Date()


@compiles(first_of_year, "postgresql")
def _date_trunc(element: "first_of_year", compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(date_trunc('year', {compiler.process(element.clauses, **kw)}) AS DATE)"


@compiles(first_of_year, "sqlite")
def _start_of_year(element: "first_of_year", compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, 'start of year')"
