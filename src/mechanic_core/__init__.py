"""The rules of a mechanic's shop: standard library and attrs, nothing else."""

from mechanic_core.money import money, quantity

__all__ = ["money", "quantity"]
