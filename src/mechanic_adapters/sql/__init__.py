"""Every port over SQL: SQLAlchemy Core on PostgreSQL and SQLite."""
