"""Paper for customers: what it says as one record, and its printing as HTML and PDF."""
