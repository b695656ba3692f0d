"""Connection pool, compiled statements and transactions; knows no table."""
