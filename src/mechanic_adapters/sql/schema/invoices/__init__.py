"""The tables of invoices, and of what is paid of them."""
