"""The event record: one committed change of one thing.

An event is thin: it names what has changed and holds no value, so nothing of a person is left in
it when they are erased. Every store writes it in the transaction of the change.
"""

import functools
import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, NewType, Protocol, Self

from attrs import frozen

from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.members import computed_of, published_fields
from mechanic_core.rules import Description, Example, Unpublished, computed

EventId = NewType("EventId", Annotated[str, Example("evt_2f1c0e7a9b5d4c38a6e0b1d2c3f4a596")])

Position = NewType("Position", Annotated[int, Example(4711)])
"""The place of an event among all: 1, 2, 3 and so on, without a gap."""

ESTIMATES_OF_A_TICKET: Final = 1000
"""The id of an estimate as a subject is that of its ticket, times this, plus its number."""

_ALWAYS_CHANGED: Final = frozenset({"updated_at"})
"""Members that differ after each change, so that naming them says nothing."""


class EventType(StrEnum):
    """What happened to the subject of an event.

    Of an estimate nothing but its status changes; what a customer decides is a change of the
    ticket. `part.stock_moved` is a change of nothing but the stock of a part. A change of status of a
    ticket has a type of its own; every other change of it, of its mechanics and lines too, is
    `ticket.changed`. Of an invoice nothing changes but what is credited and paid, and who owes it.
    Of two customers that are merged, one is changed and the other erased.
    """

    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_CHANGED = "customer.changed"
    CUSTOMER_ERASED = "customer.erased"
    VEHICLE_CREATED = "vehicle.created"
    VEHICLE_CHANGED = "vehicle.changed"
    VEHICLE_DELETED = "vehicle.deleted"
    MECHANIC_CREATED = "mechanic.created"
    MECHANIC_CHANGED = "mechanic.changed"
    MECHANIC_DEACTIVATED = "mechanic.deactivated"
    MECHANIC_REACTIVATED = "mechanic.reactivated"
    PART_CREATED = "part.created"
    PART_CHANGED = "part.changed"
    PART_STOCK_MOVED = "part.stock_moved"
    PART_ARCHIVED = "part.archived"
    PART_RESTORED = "part.restored"
    TICKET_CREATED = "ticket.created"
    TICKET_CHANGED = "ticket.changed"
    TICKET_STARTED = "ticket.started"
    TICKET_ON_HOLD = "ticket.on_hold"
    TICKET_RESUMED = "ticket.resumed"
    TICKET_COMPLETED = "ticket.completed"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_CLOSED = "ticket.closed"
    TICKET_CANCELLED = "ticket.cancelled"
    TICKET_DELETED = "ticket.deleted"
    ESTIMATE_CREATED = "estimate.created"
    ESTIMATE_CHANGED = "estimate.changed"
    RECOMMENDATION_CREATED = "recommendation.created"
    RECOMMENDATION_CHANGED = "recommendation.changed"
    INVOICE_CREATED = "invoice.created"
    INVOICE_CHANGED = "invoice.changed"
    CREDIT_NOTE_CREATED = "credit_note.created"
    PAYMENT_CREATED = "payment.created"
    PAYMENT_REFUNDED = "payment.refunded"
    SHOP_CHANGED = "shop.changed"


class SubjectKind(StrEnum):
    """The kind of a subject, by the name of the collection that it belongs to, or its own."""

    CUSTOMER = "customers"
    VEHICLE = "vehicles"
    MECHANIC = "mechanics"
    PART = "inventory"
    TICKET = "service_tickets"
    ESTIMATE = "estimates"
    RECOMMENDATION = "recommendations"
    INVOICE = "invoices"
    CREDIT_NOTE = "credit_notes"
    PAYMENT = "payments"
    SHOP = "shop"


class Initiator(StrEnum):
    """Who made a change: a role, an anonymous caller, or the system itself."""

    CUSTOMER = Role.CUSTOMER.value
    MECHANIC = Role.MECHANIC.value
    MANAGER = Role.MANAGER.value
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


@frozen(kw_only=True)
class EventBy:
    """Who made the change. Only a person has an *id*: the command line is the system."""

    role: Annotated[Initiator, Example(Initiator.MECHANIC)]
    id: Annotated[int | None, Example(3)] = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return *actor* as events name them."""
        if actor.role is None:
            return cls(role=Initiator.ANONYMOUS)
        if actor == SYSTEM:
            return cls(role=Initiator.SYSTEM)
        return cls(role=Initiator(actor.role.value), id=actor.id)


class EventSubject(Protocol):
    """A record whose every change is an event."""

    subject_kind: ClassVar[SubjectKind]

    @property
    def id(self) -> int:
        """The id."""
        ...

    @property
    def version(self) -> int:
        """The number of times that it was saved."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When it was last changed."""
        ...

    def event_type(self, before: Any) -> EventType:
        """Return what happened since *before*, the record as it was; None for a new one."""
        ...


@frozen(kw_only=True)
class Event:
    """One committed change of one thing."""

    id: EventId
    position: Annotated[
        Position | None,
        Description(
            "The place among all events, without a gap; null only for listeners in the process, "
            "which are called before it is known."
        ),
    ] = None
    type: Annotated[EventType, Example(EventType.TICKET_COMPLETED)]
    at: datetime
    kind: Annotated[SubjectKind, Example(SubjectKind.TICKET), Unpublished()]
    subject_id: Annotated[int, Example(15), Unpublished()]
    version: Annotated[
        int, Example(6), Description("The version of the subject after the change, from 1.")
    ]
    by: EventBy
    changes: Annotated[
        tuple[str, ...],
        Example(("status",)),
        Description("The members of the subject that differ; none where it is new or deleted."),
    ] = ()

    @computed
    def subject(self) -> Annotated[str, Example("/service_tickets/15")]:
        """The path of the thing that has changed."""
        return subject_path(self.kind, self.subject_id)

    @classmethod
    def of(  # noqa: PLR0913 - all that an event records
        cls,
        type_: EventType,
        kind: SubjectKind,
        subject_id: int,
        version: int,
        at: datetime,
        actor: Actor,
        changes: tuple[str, ...] = (),
    ) -> Self:
        """Return a new event, with an id that no other has."""
        return cls(
            id=EventId(f"evt_{os.urandom(16).hex()}"),
            type=type_,
            at=at,
            kind=kind,
            subject_id=subject_id,
            version=version,
            by=EventBy.of(actor),
            changes=changes,
        )

    @classmethod
    def between(cls, before: EventSubject | None, after: EventSubject, actor: Actor) -> Self:
        """Return the event of the change from *before* to *after*; without *before* it is new."""
        return cls.of(
            after.event_type(before),
            after.subject_kind,
            after.id,
            after.version,
            after.updated_at,
            actor,
            () if before is None else changed_members(before, after),
        )

    @classmethod
    def deletion(cls, type_: EventType, last: EventSubject, at: datetime, actor: Actor) -> Self:
        """Return the event of the deletion of *last*, of which nothing is left."""
        return cls.of(type_, last.subject_kind, last.id, last.version + 1, at, actor)


def subject_path(kind: SubjectKind, subject_id: int) -> str:
    """Return the path of a subject, such as ``/service_tickets/15``; of the shop, ``/shop``."""
    if kind is SubjectKind.SHOP:
        return "/shop"
    if kind is SubjectKind.ESTIMATE:
        ticket_id, number = divmod(subject_id, ESTIMATES_OF_A_TICKET)
        return f"/{SubjectKind.TICKET.value}/{ticket_id}/{kind.value}/{number}"
    return f"/{kind.value}/{subject_id}"


def changed_members(before: object, after: object) -> tuple[str, ...]:
    """Return the names of the published members that differ between two records of one class."""
    cls: Any = type(after)
    members = _published_members(cls)
    return tuple([name for name, read in members if read(before) != read(after)])


@functools.cache
def _published_members(cls: Any) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    """Return the published members of a record: the name of each, and what reads it."""
    fields = {field.name: attrgetter(field.name) for field in published_fields(cls)}
    properties = {name: member.compute for name, (member, _) in computed_of(cls).items()}
    members: dict[str, Callable[[Any], object]] = {**fields, **properties}
    return tuple(member for member in members.items() if member[0] not in _ALWAYS_CHANGED)
