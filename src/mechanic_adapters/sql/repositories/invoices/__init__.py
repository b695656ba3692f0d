"""Invoices, credit notes, their numbers, and balances in SQL."""
