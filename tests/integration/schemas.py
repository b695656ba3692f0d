"""The schema of a database, as the database itself describes it."""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

CONSTRAINTS = """
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
COLUMNS = """
    SELECT table_name || '.' || column_name,
        (rank() OVER (PARTITION BY table_name ORDER BY ordinal_position), data_type, character_maximum_length, collation_name, is_nullable,
         is_identity, identity_generation, column_default)::text
    FROM information_schema.columns WHERE table_schema = 'public'
"""
OBJECTS = """
    SELECT type || ' ' || name, sql FROM sqlite_master
    WHERE type <> 'trigger' AND name NOT LIKE 'sqlite_%'
"""


def schema_of(url: str) -> Mapping[str, Any]:
    """Return every table, column, index and constraint of a database by name."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            found = dict(file.execute(OBJECTS))
        return {
            name: sorted(re.findall(r"[^\s,)][^,\n)]*", sql or ""))
            for name, sql in found.items()
            if "mechanic_shop_version" not in name
        }
    with psycopg.connect(url) as connection:
        rows = [row for sql in (CONSTRAINTS, INDEXES, COLUMNS) for row in connection.execute(sql)]
    return {name: description for name, description in rows if "mechanic_shop_version" not in name}


def rows_of(url: str) -> Mapping[str, list[str]]:
    """Return the rows of every table of a PostgreSQL database, but the random epoch.

    Jobs have their rank in place of their id: a transaction that is rolled back leaves gaps.
    """
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'epochs'"
    with psycopg.connect(url) as connection:
        found = {name: _rows(connection, name) for (name,) in connection.execute(tables)}
    ids = sorted(job["id"] for job in found.get("ticket_jobs", ()))
    ranks = {job_id: rank for rank, job_id in enumerate(ids, 1)}
    for name, rows in found.items():
        member = "id" if name == "ticket_jobs" else "job_id"
        for row in rows:
            if member in row:
                row[member] = ranks.get(row[member])
    return {
        name: sorted(json.dumps(row, sort_keys=True) for row in rows)
        for name, rows in found.items()
    }


def _rows(connection: psycopg.Connection, table: str) -> list[dict[str, Any]]:
    query = SQL("SELECT to_jsonb(t) FROM {} AS t").format(Identifier(table))
    return [row for (row,) in connection.execute(query)]
