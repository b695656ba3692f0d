"""Mechanics: the people who work here, and how much they have worked."""
