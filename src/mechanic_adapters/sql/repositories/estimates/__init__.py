"""Estimates, decisions and approval links in SQL."""
