"""Statements and receivables in SQL."""
