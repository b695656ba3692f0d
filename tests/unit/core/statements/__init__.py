"""Statements and receivables."""
