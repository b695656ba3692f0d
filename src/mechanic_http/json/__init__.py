"""JSON to records and back."""
