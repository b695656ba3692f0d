"""Documentation pages and static files."""
