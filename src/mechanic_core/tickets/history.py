"""The history of a ticket: who did what when. It is append-only."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import Actor, By, Role
from mechanic_core.money import money_to_decimal, percent_to_decimal
from mechanic_core.pricing.discounts import Discount, TicketDiscount
from mechanic_core.rules import Example, stored
from mechanic_core.tickets.lines.rows import Line
from mechanic_core.values import Note

EntryId = NewType("EntryId", Annotated[int, Example(77)])


class HistoryEvent(StrEnum):
    """The kind of a history entry."""

    OPENED = "opened"
    CHANGED = "changed"
    MECHANICS = "mechanics"
    PART_ADDED = "part_added"
    PART_CHANGED = "part_changed"
    PART_REMOVED = "part_removed"
    LABOR_ADDED = "labor_added"
    LABOR_CHANGED = "labor_changed"
    LABOR_REMOVED = "labor_removed"
    CHARGE_ADDED = "charge_added"
    CHARGE_CHANGED = "charge_changed"
    CHARGE_REMOVED = "charge_removed"
    JOB_ADDED = "job_added"
    JOB_CHANGED = "job_changed"
    JOB_REMOVED = "job_removed"
    DISCOUNTS = "discounts"
    ESTIMATED = "estimated"
    DECIDED = "decided"
    LIMITED = "limited"
    TRANSITION = "transition"
    REMOVED = "removed"


@frozen(kw_only=True, field_transformer=stored)
class Entry:
    """An entry of a ticket's history. *from_* and *to* are the values before and after, as text.

    They are statuses for a transition, mechanic ids for mechanics, titles for jobs, descriptions
    for lines and discounts, what an estimate comes to, what was decided on it, and spending limits.
    """

    id: EntryId = EntryId(0)  # until it is stored
    at: datetime
    by: By
    event: Annotated[HistoryEvent, Example(HistoryEvent.TRANSITION)]
    from_: Annotated[str | None, Example("open")] = None
    to: Annotated[str | None, Example("in_progress")] = None
    note: Note | None = None

    @classmethod
    def of(  # noqa: PLR0913 - who, when, what, from, to and why
        cls,
        actor: Actor,
        at: datetime,
        event: HistoryEvent,
        from_: object = None,
        to: object = None,
        note: str | None = None,
    ) -> Self:
        """Return a new entry, to be stored with the change that it describes."""
        by = By(role=actor.role, id=actor.id)
        return cls(at=at, by=by, event=event, from_=_as_text(from_), to=_as_text(to), note=note)

    def view_for(self, actor: Actor) -> Self:
        """Return what *actor* may see: a customer sees no other customer's name."""
        is_other = self.by.role is Role.CUSTOMER and self.by.id != actor.id
        if not (actor.is_customer and is_other):
            return self
        return evolve(self, by=evolve(self.by, name=None))


def describe_line(line: Line, other: Line | None = None) -> str:
    """Return what a line is with its terms; its job, too, where the *other* is of another."""
    texts = [line.text]
    if other and line.job_id != other.job_id:
        texts.append(f"job {line.job_id}")
    if other and line.tax_class != other.tax_class:
        texts.append(f"taxed as {line.tax_class}")
    if line.discount:
        texts.append(describe_discount(line.discount))
    return ", ".join(texts)


def describe_discount(discount: Discount) -> str:
    """Return what a discount takes off, such as ``7.5 % off``; of a ticket, from what and why."""
    if discount.percent is None:
        off = f"{money_to_decimal(discount.amount or 0)} off"
    else:
        off = f"{percent_to_decimal(discount.percent)} % off"
    if isinstance(discount, TicketDiscount):
        return f"{off} {discount.scope}: {discount.reason}"
    return off


def _as_text(value: object) -> str | None:
    if isinstance(value, tuple):  # of records
        return ", ".join([str(record.id) for record in value])
    return None if value is None else str(value)
