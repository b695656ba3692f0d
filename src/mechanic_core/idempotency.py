"""Idempotency: stored answers to requests with an Idempotency-Key.

An answer is stored in the transaction of its effect, so a retry finds both or neither, whichever
process serves it. The content is opaque here: the transport encodes it.
"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Protocol, Self

from attrs import evolve, field, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, Invalid, Problem
from mechanic_core.rules import Example, checked

EXPIRY: Final = timedelta(hours=24)
"""How long a key is valid."""

ERASED: Final = b'{"location":null,"erased":true}'
"""The content that is left of an answer about an erased customer.

A release that does not know it takes it for an answer that was too large to be stored.
"""


class FirstStillRunning(Conflict):
    """The first request with this key is still running; try again soon."""


class KeyReused(Invalid):
    """This key was first sent with another body."""

    def __init__(self) -> None:
        super().__init__(Problem("#", "must be the body first sent with this Idempotency-Key"))


class AnswerNotStored(Conflict):
    """The first request with this key was carried out; its response was too large to be stored."""

    fact_types: ClassVar = {"location": Annotated[str | None, Example("/service_tickets/15")]}

    def __init__(self, location: str | None) -> None:
        """Name the resource that the first request made, if any: it can be read there."""
        super().__init__(location=location)


class AnswerErased(Conflict):
    """The first request with this key was carried out; its response was erased with a customer's data."""


@frozen(kw_only=True, field_transformer=checked)
class StoredAnswer:
    """The first answer to a request with an Idempotency-Key.

    Attributes:
        key: Identifies the request: caller, operation, path ids and the key that was sent.
        fingerprint: Identifies the body. It is a keyed hash, since a body may hold a password.
        content: The answer as the transport encodes it.
        about: The customers whose personal data the answer may contain.
        at: When the request was processed.
    """

    key: str
    fingerprint: str = field(repr=False)
    content: bytes = field(repr=False)
    about: frozenset[CustomerId]
    at: datetime

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of it but that the key was used, and with which body."""
        return self.content == ERASED

    def erase(self) -> Self:
        """Return the answer without its content."""
        return evolve(self, content=ERASED)


class StoredAnswers(Protocol):
    """All stored answers."""

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        """Lock *key* until the transaction ends and return its answer.

        Return None where there is no answer, or one from before *since*, which is deleted: the
        caller then processes the request and adds an answer. Another transaction that claims
        the same key waits for this one or raises `FirstStillRunning`.
        """
        ...

    def add(self, answer: StoredAnswer) -> None:
        """Store *answer* under its key, which this transaction has claimed."""
        ...

    def forget(self, customer_id: CustomerId) -> None:
        """Erase the content of every answer about a customer, expired ones included.

        The key stays used, and the fingerprint as it is: a request is not carried out again.
        """
        ...

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        """Make every answer about *former* one about *owner* too; it can still be replayed."""
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete answers from before *before*, the oldest *limit* of them; return their number.

        Answers that another transaction is sweeping are left to it.
        """
        ...
