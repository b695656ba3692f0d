"""Compiled statements and their cache."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, create_engine, select, union_all

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.compiled_statements import (
    NO_PREPARE,
    CompiledStatement,
    StatementCache,
)
from mechanic_adapters.sql.schema.customers import customers

STATEMENT = select(customers.c.id, customers.c.created_at).where(
    customers.c.created_at >= bindparam("since", type_=MOMENT)
)
POSTGRESQL, SQLITE = (
    create_engine(f"{url}://").dialect for url in ("postgresql+psycopg", "sqlite")
)


def test_knows_the_columns_and_parameters_to_convert() -> None:
    """
    On SQLite moments are text: parameters by name, columns of the result by position.
    """
    compiled = CompiledStatement.compile(STATEMENT, SQLITE)
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    ((name, to_driver),) = compiled.bind_converters
    ((position, to_python),) = compiled.result_converters
    assert ("since", 1) == (name, position)
    assert "2026-03-02 09:30:00.000000+00:00" == to_driver(at)
    assert at == to_python(to_driver(at))
    assert compiled.returns_rows


def test_a_parameter_in_both_parts_of_a_union_is_converted_once() -> None:
    """
    The text of a moment is no moment, which a second conversion would ask for.
    """
    parts = [
        select(customers.c.id).where(customers.c.created_at >= bindparam("since", type_=MOMENT))
        for _ in "12"
    ]

    compiled = CompiledStatement.compile(union_all(*parts), SQLITE)

    assert ["since"] == [name for name, _ in compiled.bind_converters]


def test_compiles_a_statement_once() -> None:
    """
    The cache returns the same compiled statement again.
    """
    cache = StatementCache(SQLITE)

    assert cache[STATEMENT] is cache[STATEMENT]
    assert 1 == len(cache)


def test_some_statements_are_not_prepared() -> None:
    """
    A statement whose plan depends on its parameters is not prepared, on PostgreSQL only.
    """
    unprepared = STATEMENT.execution_options(**{NO_PREPARE: True})

    options = [
        CompiledStatement.compile(statement, dialect).options
        for statement in (STATEMENT, unprepared)
        for dialect in (POSTGRESQL, SQLITE)
    ]
    assert [{}, {}, {"prepare": False}, {}] == options
