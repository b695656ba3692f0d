"""Inventory: parts, and the ledger of every change of their stock."""
