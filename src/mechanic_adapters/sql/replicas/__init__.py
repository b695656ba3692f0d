"""Reads from a replica: which one it is, how far it is, and who may read from it."""
