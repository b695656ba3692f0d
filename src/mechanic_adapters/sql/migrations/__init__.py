"""Alembic migrations of the schema, the same for PostgreSQL and SQLite."""
