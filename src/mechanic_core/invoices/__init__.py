"""Invoices and credit notes, their series of numbers, and what is owed for a ticket."""
