"""Repositories: the core's ports over SQL, one module for each noun."""
