"""The documentation of the API over HTTP, and static files."""
