"""The events of the shop."""

from enum import StrEnum
from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.events.event import EventType
from mechanic_core.events.use_cases import (
    MAX_EVENTS,
    EventFeed,
    EventFeedWithSubjects,
    ReadEvents,
)
from mechanic_core.rules import Between, Description, Example, checked
from mechanic_core.shop import Shop
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import Query
from mechanic_http.endpoint.route import Route

MAX_WAIT_S: Final = 20


class Inclusion(StrEnum):
    """What a response includes beside its items."""

    SUBJECTS = "subjects"


@frozen(kw_only=True, field_transformer=checked)
class EventQuery(Query):
    """Which events to read, and how long to wait for them."""

    after: Annotated[
        int,
        Between(0, 2**63 - 1),
        Example(0),
        Description(
            "The `last` of the previous response; only events after this position are returned. "
            "A position beyond the newest event returns no items and the position of that event."
        ),
    ] = 0
    limit: Annotated[
        int, Between(1, MAX_EVENTS), Example(100), Description("Number of events.")
    ] = 100
    type: Annotated[EventType | None, Description("Only events of this type.")] = None
    include: Annotated[
        Inclusion | None,
        Description("`subjects` adds each subject of the events once, as it is now."),
    ] = None
    wait: Annotated[
        int,
        Between(0, MAX_WAIT_S),
        Example(0),
        Description(
            "Seconds to wait for events if there are none. The response may come sooner without "
            "any, as when many wait already."
        ),
    ] = 0


@final
@frozen
class EventCollection:
    """What has changed, in order."""

    shop: Shop

    @endpoint(ReadEvents)
    def on_get(self, actor: Actor, query: EventQuery) -> EventFeed | EventFeedWithSubjects:
        """List what has changed since a position, oldest first."""
        feed = self.shop.read_events(actor, query.after, query.limit, query.type, query.wait)
        if query.include is None:
            return feed
        return self.shop.read_event_subjects(actor, feed)


ROUTES: Final = (Route("/events", EventCollection),)
