"""Payments and deposits on tickets, and their refunds."""
