"""The history of a ticket: who did what when. It is only ever added to."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType, Self

from attrs import frozen

from mechanic_core.access import Actor, By
from mechanic_core.rules import Example
from mechanic_core.values import Note

EntryId = NewType("EntryId", Annotated[int, Example(77)])


class Event(StrEnum):
    """What can happen to a ticket."""

    OPENED = "opened"
    CHANGED = "changed"
    MECHANICS = "mechanics"
    PART_ADDED = "part_added"
    PART_CHANGED = "part_changed"
    PART_REMOVED = "part_removed"
    LABOR_ADDED = "labor_added"
    LABOR_CHANGED = "labor_changed"
    LABOR_REMOVED = "labor_removed"
    TRANSITION = "transition"
    REMOVED = "removed"


@frozen(kw_only=True)
class Entry:
    """One line of a ticket's history. *from_* and *to* tell what it was and became, as text.

    For a transition they are statuses, for mechanics their ids, for lines what they say.
    """

    id: EntryId = EntryId(0)
    at: datetime
    by: By
    event: Annotated[Event, Example(Event.TRANSITION)]
    from_: Annotated[str | None, Example("open")] = None
    to: Annotated[str | None, Example("in_progress")] = None
    note: Note | None = None

    @classmethod
    def of(  # noqa: PLR0913 - who, when, what, from, to and why
        cls,
        actor: Actor,
        at: datetime,
        event: Event,
        from_: object = None,
        to: object = None,
        note: str | None = None,
    ) -> Self:
        """Return a new entry, to be kept with the change that it tells of."""
        return cls(at=at, by=By.of(actor), event=event, from_=_told(from_), to=_told(to), note=note)


def _told(value: object) -> str | None:
    return None if value is None else str(value)
