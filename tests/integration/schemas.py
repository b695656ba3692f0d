"""The schema of a database, as the database itself describes it."""

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


def rows_of(url: str) -> Mapping[str, str]:
    """Return a digest of the rows of every table of a PostgreSQL database, but the random epoch."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'epochs'"
    digest = (
        "SELECT coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {} AS t"
    )
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(tables)]
        queries = {name: SQL(digest).format(Identifier(name)) for name in names}
        found = {name: connection.execute(query).fetchone() for name, query in queries.items()}
    return {name: row[0] for name, row in found.items() if row}
