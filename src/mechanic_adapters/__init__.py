"""What fulfils the ports of the core: stores, passwords, tokens, caches and the clock."""
