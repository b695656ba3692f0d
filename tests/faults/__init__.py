"""Faults that a shop in use meets, each brought about for real, and what they cost."""
