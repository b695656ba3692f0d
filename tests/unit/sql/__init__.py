"""Tests of the SQL adapters that need no database server."""
