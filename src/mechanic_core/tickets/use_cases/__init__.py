"""Use cases of service tickets, one module for each task."""
