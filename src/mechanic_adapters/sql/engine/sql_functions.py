"""SQL expressions that PostgreSQL and SQLite spell differently."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Date,
    Select,
    SelectBase,
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
class _IdIn(FunctionElement[Any]):
    """Whether an id is in a list that is one parameter.

    It has no type: SQLite would be asked whether a boolean equals 1, and then use no index.
    """

    inherit_cache = True


def id_in(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return whether *column* is one of the ids in the parameter *name*."""
    return _IdIn(column, bindparam(name, type_=IDS))


@compiles(_IdIn, "postgresql")
def _any_of(element: _IdIn, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (CAST({ids} AS BIGINT[])))"


@compiles(_IdIn, "sqlite")
def _in_json(element: _IdIn, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"  # noqa: S608 - compiled SQL only


@final
class _SelectedId(FunctionElement[Any]):
    """Whether an id is one of those that a statement selects, which runs once and first."""

    inherit_cache = True


def selected_id(column: ColumnElement[Any], ids: SelectBase) -> ColumnElement[bool]:
    """Return whether *column* is one of *ids*.

    For PostgreSQL they are an array: it can neither join them nor go along the table instead,
    because it misjudges their number.
    """
    return _SelectedId(column, ids.scalar_subquery())


@compiles(_SelectedId, "postgresql")
def _in_array(element: _SelectedId, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (ARRAY{ids}))"


@compiles(_SelectedId, "sqlite")
def _in_selected(element: _SelectedId, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN {ids})"


@final
class json_group(FunctionElement[str]):  # noqa: N801 - used as a function
    """The rows of a group as one JSON array of arrays, unordered; null if there are none."""

    inherit_cache = True
    type = Text()


@compiles(json_group, "postgresql")
def _json_agg(element: "json_group", compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **kw)})) AS TEXT)"


@compiles(json_group, "sqlite")
def _json_group_array(element: "json_group", compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


@final
class qualified(FunctionElement[Any]):  # noqa: N801 - used as a function
    """An expression over several tables in the RETURNING clause of an INSERT.

    For SQLite SQLAlchemy omits the names of tables there, which makes columns ambiguous.
    """

    inherit_cache = True


@compiles(qualified)
def _with_tables(element: "qualified", compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **{**kw, "include_table": True})


@final
class _JsonItems(FunctionElement[Any]):
    """The items of a JSON array, as a table with one column named *value*."""

    inherit_cache = True


@compiles(_JsonItems, "postgresql")
def _json_array_elements(element: _JsonItems, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


@compiles(_JsonItems, "sqlite")
def _json_each(element: _JsonItems, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@final
class _JsonMember(FunctionElement[Any]):
    """A member of a JSON array, by its index."""

    inherit_cache = True

    def __init__(self, item: ColumnElement[Any], index: int, type_: TypeEngine[Any]) -> None:
        """Select member *index* of *item* as a value of *type_*."""
        super().__init__(item)
        self.index = index
        self.type = type_


@compiles(_JsonMember, "postgresql")
def _cast_member(element: _JsonMember, compiler: SQLCompiler, **kw: Any) -> str:
    plain = Text() if isinstance(element.type, Text) else element.type  # without its collation
    sql_type = compiler.dialect.type_compiler_instance.process(plain)
    return f"CAST({compiler.process(element.clauses, **kw)} ->> {element.index} AS {sql_type})"


@compiles(_JsonMember, "sqlite")
def _json_extract(element: _JsonMember, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **kw)}, '$[{element.index}]')"


def rows_from_json(columns: Sequence[Column[Any]], name: str = "rows") -> Select[Any]:
    """Return the rows in the parameter *name*, a JSON array of arrays of values for *columns*.

    The text of the statement is the same for any number of rows.
    """
    rows: BindParameter[str] = bindparam(name, type_=Text)
    value = _JsonItems(rows).table_valued("value", name="items").c.value
    return select(
        *(
            _JsonMember(value, index, column.type).label(column.name)
            for index, column in enumerate(columns)
        )
    )


class _FirstOf(FunctionElement[date]):
    """The first day of a period that a date lies in."""

    inherit_cache = True
    type = Date()
    unit: ClassVar[str]


@final
class first_of_month(_FirstOf):  # noqa: N801 - used as a function
    """The first day of the month of a date."""

    unit = "month"


@final
class first_of_year(_FirstOf):  # noqa: N801 - used as a function
    """The first day of the year of a date."""

    unit = "year"


@compiles(_FirstOf, "postgresql")
def _date_trunc(element: _FirstOf, compiler: SQLCompiler, **kw: Any) -> str:
    day = compiler.process(element.clauses, **kw)
    return f"CAST(date_trunc('{element.unit}', {day}) AS DATE)"


@compiles(_FirstOf, "sqlite")
def _start_of(element: _FirstOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, 'start of {element.unit}')"
