"""Connection pools, compiled statements and transactions; the engine knows no table."""
