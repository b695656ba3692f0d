"""Statements made ready once for one database, and run on its driver without ceremony.

SQLAlchemy writes the SQL and converts values; its own way of running a statement and wrapping
the answer costs more than the database's work on a short one, and is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, final

from attrs import frozen
from sqlalchemy import ClauseElement, Dialect, Executable, ReturnsRows

Params: TypeAlias = Mapping[str, Any]
Row: TypeAlias = Sequence[Any]
Convert: TypeAlias = Callable[[Any], Any]

ANEW = "plan_anew"
"""The execution option of a statement whose best plan depends on its parameters."""


@final
@frozen(eq=False)
class CompiledStatement:
    """One statement as its driver takes it."""

    sql: str
    fixed: Params
    given: Sequence[tuple[str, Convert]]
    found: Sequence[tuple[int, Convert]]
    options: Mapping[str, object]

    @classmethod
    def of(cls, statement: ClauseElement, dialect: Dialect) -> "CompiledStatement":
        """Return *statement* made ready for *dialect*."""
        compiled = statement.compile(dialect=dialect)
        binds = compiled.bind_names  # type: ignore[attr-defined]  # every statement's has them
        given = [
            (name, convert)
            for bind, name in binds.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect))
        ]
        columns = statement.exported_columns if isinstance(statement, ReturnsRows) else ()
        found = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]
        anew = isinstance(statement, Executable) and ANEW in statement.get_execution_options()
        options = {"prepare": False} if anew and dialect.name == "postgresql" else {}
        fixed = {name: bind.value for bind, name in binds.items() if not bind.required}
        return cls(str(compiled), fixed, given, found, options)

    def run(self, cursor: Any, params: Params) -> None:
        """Run the statement on *cursor*."""
        values = {**self.fixed, **params}
        for name, convert in self.given:
            if (value := values[name]) is not None:
                values[name] = convert(value)
        cursor.execute(self.sql, values, **self.options)

    def rows(self, cursor: Any) -> Sequence[Row]:
        """Return what was found, as values of Python."""
        rows: list[Row] = cursor.fetchall()
        return [self._converted(row) for row in rows] if self.found else rows

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, convert in self.found:
            if (value := values[place]) is not None:
                values[place] = convert(value)
        return values


@final
class StatementCache:
    """Every statement of one database, made ready when it is first run."""

    def __init__(self, dialect: Dialect) -> None:
        """Start with none."""
        self._dialect = dialect
        self._ready: dict[ClauseElement, CompiledStatement] = {}

    def __getitem__(self, statement: ClauseElement) -> CompiledStatement:
        """Return *statement* made ready."""
        plan = self._ready.get(statement)
        if plan is None:
            plan = self._ready[statement] = CompiledStatement.of(statement, self._dialect)
        return plan
