"""The ports in memory, one module for each noun, as in `mechanic_adapters.sql.repositories`."""
