"""Records from JSON and JSON from records."""
