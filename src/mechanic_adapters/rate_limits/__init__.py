"""Rate limits: sliding windows in this process or in Redis."""
