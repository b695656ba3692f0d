"""Addresses of servers, as operators write them."""

from typing import final


@final
class WrongAddress(ValueError):
    """What is wrong with an address; its text shows no secret."""
