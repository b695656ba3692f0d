"""Receipts: what was answered to a request that may be sent again.

A receipt is kept in the transaction of the effect that it tells of, so that a retry finds both
or neither, whichever process it reaches.
"""

from datetime import datetime, timedelta
from typing import Final, Protocol

from attrs import field, frozen

from mechanic_core.errors import Conflict, Invalid, Problem

LIFE: Final = timedelta(hours=24)
"""How long a receipt is good for."""


class FirstStillRunning(Conflict):
    """The first request with this key is still running; try again soon."""


class KeyReused(Invalid):
    """This key was first sent with another body."""

    def __init__(self) -> None:
        """Point at the body."""
        super().__init__(Problem("#", "is not what was first sent with this Idempotency-Key"))


@frozen(kw_only=True)
class Receipt:
    """The first answer to a request.

    *key* names the request: who sent what where under which name. *fingerprint* stands for
    what was sent; it is keyed, since what was sent may hold a password.
    """

    key: str
    fingerprint: str = field(repr=False)
    status: int
    headers: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    at: datetime


class Receipts(Protocol):
    """Every receipt that is still good."""

    def claim(self, key: str, since: datetime) -> Receipt | None:
        """Return the receipt of *key* that is not older than *since*; None lets the caller run.

        Until the transaction ends nobody else runs under the same key: they wait for it or
        are refused with `FirstStillRunning`.
        """
        ...

    def keep(self, receipt: Receipt) -> None:
        """Keep the receipt, in the place of an older one of the same key."""
        ...

    def sweep(self, before: datetime) -> int:
        """Drop the receipts older than *before* and return how many there were."""
        ...
