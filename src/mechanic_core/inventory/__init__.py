"""Inventory: parts, and the ledger of all stock movements."""
