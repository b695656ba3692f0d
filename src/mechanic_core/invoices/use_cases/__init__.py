"""Use cases of invoices and credit notes."""
