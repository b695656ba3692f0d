"""SQLAlchemy statements compiled once for one database, and a cache of them.

SQLAlchemy writes the SQL and supplies the type converters. The executor runs the SQL on the
driver's cursor: SQLAlchemy's own execution and result objects cost more than a short statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeAlias, final

from attrs import frozen
from sqlalchemy import ClauseElement, Dialect, Executable, ReturnsRows

Params: TypeAlias = Mapping[str, Any]
Row: TypeAlias = Sequence[Any]
Convert: TypeAlias = Callable[[Any], Any]

NO_PREPARE = "no_prepare"
"""Execution option of a statement whose best query plan depends on its parameters.

PostgreSQL plans it for each execution, instead of once as a prepared statement.
"""


@final
@frozen(eq=False)
class CompiledStatement:
    """A statement in the form that the driver takes."""

    sql: str
    constants: Params
    """Values of parameters that are part of the statement."""
    bind_converters: Sequence[tuple[str, Convert]]
    """Parameters to convert for the driver, by name."""
    result_converters: Sequence[tuple[int, Convert]]
    """Columns of the result to convert for Python, by position."""
    returns_rows: bool
    options: Mapping[str, object]
    """Keyword arguments for the driver's ``execute``."""

    @classmethod
    def compile(cls, statement: ClauseElement, dialect: Dialect) -> Self:
        """Return *statement* compiled for *dialect*."""
        compiled = statement.compile(dialect=dialect)
        binds = compiled.bind_names  # type: ignore[attr-defined]  # declared on SQLCompiler only
        columns = statement.exported_columns if isinstance(statement, ReturnsRows) else ()
        options = statement.get_execution_options() if isinstance(statement, Executable) else {}
        is_unprepared = NO_PREPARE in options and dialect.name == "postgresql"
        return cls(
            str(compiled),
            {name: bind.value for bind, name in binds.items() if not bind.required},
            # By name: a parameter that stands in both parts of a UNION is converted once.
            [
                *{
                    name: convert
                    for bind, name in binds.items()
                    if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect))
                }.items()
            ],
            [
                (position, convert)
                for position, column in enumerate(columns)
                if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
            ],
            bool(columns),
            {"prepare": False} if is_unprepared else {},
        )


@final
class StatementCache(dict[ClauseElement, CompiledStatement]):
    """The compiled statements of one database, each compiled when it is first looked up."""

    def __init__(self, dialect: Dialect) -> None:
        """Start empty."""
        self._dialect = dialect

    def __missing__(self, statement: ClauseElement) -> CompiledStatement:
        """Compile *statement*."""
        compiled = self[statement] = CompiledStatement.compile(statement, self._dialect)
        return compiled
