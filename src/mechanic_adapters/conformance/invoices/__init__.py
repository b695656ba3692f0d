"""The contracts of the ports of invoices."""
