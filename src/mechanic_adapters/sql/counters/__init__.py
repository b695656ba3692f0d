"""Counters kept with each write, so that reading them costs the same at any table size."""
