"""Accounts: who can log in, and who has."""
