"""Invoices, payments and statements in memory."""
