"""The rules of a mechanic's shop: standard library and attrs, nothing else."""
