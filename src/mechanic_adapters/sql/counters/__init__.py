"""Counters that are updated with each write: reading them takes the same time at any size."""
