"""Keep a side store that fails, such as Redis, from failing requests."""
