"""Customers of the shop."""
