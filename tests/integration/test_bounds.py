"""The bounds of a customer are checked at a cost that does not grow with the shop."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.queries.tickets import UNFINISHED

CUSTOMER = """
    INSERT INTO customers (id, name, email, created_at, updated_at, version)
    VALUES (1, '', '', '2026-01-01', '2026-01-01', 1)
"""
FINISHED = """
    INSERT INTO tickets (customer_id, service_date, service_month, description, status,
        created_at, updated_at, version)
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
    SELECT 1, '2026-01-01', '2026-01-01', '', CASE WHEN n > 4995 THEN 'open' ELSE 'closed' END,
        '2026-01-01', '2026-01-01', 1 FROM numbers
"""


@pytest.fixture
def connection(empty_url: str) -> Iterator[Connection]:
    """A database with a customer who had 5,000 tickets, of which 5 are open."""
    engine = create_engine(database_url(empty_url))
    with engine.begin() as connection:
        connection.exec_driver_sql(CUSTOMER)
        connection.exec_driver_sql(FINISHED)
        connection.exec_driver_sql("ANALYZE")
        yield connection
    engine.dispose()


def test_unfinished_tickets_are_found_by_an_index_of_them_alone(connection: Connection) -> None:
    """
    The check of a new ticket reads the unfinished tickets of its customer, and no others.
    """
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    plan = connection.execute(text(f"{explain} {UNFINISHED}"), {"record_id": 1}).all()
    found = connection.execute(UNFINISHED, {"record_id": 1}).all()

    assert "ix_tickets_unfinished" in str(plan)
    assert 5 == len(found)
