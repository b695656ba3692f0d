"""StoredAnswers: what was answered to a request that may be sent again.

A receipt is kept in the transaction of the effect that it tells of, so that a retry finds both
or neither, whichever process it reaches.
"""

from datetime import datetime, timedelta
from typing import Final, Protocol, Self

from attrs import field, frozen

from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerId
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
class StoredAnswer:
    """The first answer to a request.

    *key* names the request: who sent what where under which name. *fingerprint* stands for
    what was sent; it is keyed, since what was sent may hold a password. *headers* and *body*
    are JSON without white space.
    """

    key: str
    fingerprint: str = field(repr=False)
    status: int
    headers: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    at: datetime


@frozen(kw_only=True)
class Traces:
    """What shows that a receipt tells of one customer: any of it is enough.

    *sender* begins the keys of what they sent themselves, *place* is where their registration
    put them, and *member* is in every answer about a vehicle or a ticket of theirs, whoever
    asked: it tells the plate.
    """

    sender: str
    place: str
    member: bytes

    @classmethod
    def of(cls, customer_id: CustomerId) -> Self:
        """Return what shows that a receipt tells of that customer."""
        return cls(
            sender=f"{Role.CUSTOMER}:{customer_id} ",
            place=f'/customers/{customer_id}"',
            member=f'"customer_id":{customer_id},'.encode(),
        )

    def are_in(self, receipt: StoredAnswer) -> bool:
        """Return whether *receipt* shows any of it."""
        return (
            receipt.key.startswith(self.sender)
            or self.place in receipt.headers
            or self.member in (receipt.body or b"")
        )


class StoredAnswers(Protocol):
    """Every receipt that is still good."""

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        """Return the receipt of *key* that is not older than *since*; None lets the caller run.

        Until the transaction ends nobody else runs under the same key: they wait for it or
        are refused with `FirstStillRunning`.
        """
        ...

    def keep(self, receipt: StoredAnswer) -> None:
        """Keep the receipt, in the place of an older one of the same key."""
        ...

    def forget(self, customer_id: CustomerId) -> None:
        """Drop every receipt that shows `Traces` of a customer, however old it is."""
        ...

    def sweep(self, before: datetime) -> int:
        """Drop the receipts older than *before* and return how many there were."""
        ...
