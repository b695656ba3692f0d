"""Read events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, TypeAlias, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, Actor
from mechanic_core.customers.customer import Customer
from mechanic_core.errors import Gone
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.events.ports import Wakeups, no_wakeups
from mechanic_core.inventory.part import Part
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.payments.payment import Payment
from mechanic_core.profile.profile import Profile
from mechanic_core.recommendations.recommendation import Recommendation
from mechanic_core.rules import Description, Example
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Begin, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_core.vehicles.vehicle import Vehicle

MAX_EVENTS: Final = 500
"""How many events are read at once."""

BATCH: Final = 1000
"""How many events a reader numbers in a transaction."""

MOST_BATCHES: Final = 10
"""How many batches it numbers before it answers: a backlog of any size takes no request long."""


class EventsExpired(Gone):
    """Events after this position have been deleted: start again from a snapshot."""

    fact_types: ClassVar = {
        "first": Annotated[
            int, Example(3001), Description("The position of the first event that is stored.")
        ]
    }


@frozen(kw_only=True)
class Deleted:
    """A subject that is gone, or that can no longer be read."""

    deleted: Annotated[bool, Example(True)] = True


@frozen(kw_only=True)
class EventFeed:
    """Events, oldest first.

    *last* is the position to go on from: that of the last item or, if there is none, of the newest
    event that was looked at.
    """

    items: tuple[Event, ...]
    last: Annotated[int, Example(4711)]
    has_more: Annotated[
        bool,
        Description(
            "Whether to ask again at once, from `last`. Without items it is true where events have "
            "not been looked at yet, after thousands of changes that nobody has read."
        ),
    ]


SubjectPath: TypeAlias = Annotated[str, Example("/customers/7")]


@frozen(kw_only=True)
class EventFeedWithSubjects(EventFeed):
    """Events, and each of their subjects once, by path, as it is now."""

    subjects: Annotated[
        Mapping[
            SubjectPath,
            Customer
            | Vehicle
            | Mechanic
            | Part
            | Ticket
            | Estimate
            | Recommendation
            | Invoice
            | CreditNote
            | Payment
            | Profile
            | Deleted,
        ],
        Description("The subjects of the items, as GET of their paths answers now."),
    ]


@final
@frozen
class ReadEvents:
    """Read the events after a position."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (EventsExpired,)

    begin: Begin
    read_only: ReadOnly
    wakeups: Wakeups = no_wakeups

    def __call__(
        self,
        actor: Actor,
        after: int = 0,
        limit: int = MAX_EVENTS,
        type_: EventType | None = None,
        wait_s: float = 0,
    ) -> EventFeed:
        """Return at most *limit* events after position *after*, of one type or of all.

        If there are none, wait for them for *wait_s* seconds, without a database connection. What
        has not been looked at when it is time to answer makes `has_more` true.
        Raises `EventsExpired` where events behind *after* have been deleted.
        """
        self.policy.admit(actor)
        with closing(self.wakeups(wait_s)) as wakeups:  # first: no later commit is missed
            feed = self._read(after, limit, type_)
            while not feed.items and next(wakeups, False):
                feed = self._read(after, limit, type_)
        return feed

    def _read(self, after: int, limit: int, type_: EventType | None) -> EventFeed:
        with self.read_only() as work:
            unnumbered = work.events.unnumbered()
        are_left = unnumbered and self._number_all()
        with self.read_only() as work:
            batch = work.events.after(after, limit + 1, type_)
        if after < batch.first - 1:
            raise EventsExpired(first=batch.first)
        items = tuple(batch.events[:limit])
        last = items[-1].position if items else None
        has_more = are_left or len(batch.events) > limit
        return EventFeed(items=items, last=last or batch.last, has_more=has_more)

    def _number_all(self) -> bool:
        """Give positions to what has none, a batch at a time; return whether some may be left."""
        return all(self._number() == BATCH for _ in range(MOST_BATCHES))

    @retry_on_conflict
    def _number(self) -> int:
        with self.begin() as work:
            return work.events.number(BATCH)


@final
@frozen
class ReadEventSubjects:
    """Read the subjects of events as they are now."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_only: ReadOnly
    now: Clock

    def __call__(self, actor: Actor, feed: EventFeed) -> EventFeedWithSubjects:
        """Return *feed* with each subject of its items once."""
        self.policy.admit(actor)
        with self.read_only() as work:
            subjects = _subjects(work, feed.items, self.now())
        return EventFeedWithSubjects(
            items=feed.items, last=feed.last, has_more=feed.has_more, subjects=subjects
        )


def _subjects(work: Work, events: Sequence[Event], at: datetime) -> Mapping[str, Any]:
    """Return the subjects of *events* by path, with a statement for each kind."""
    paths: dict[SubjectKind, dict[int, str]] = defaultdict(dict)
    for event in events:
        paths[event.kind][event.subject_id] = event.subject
    gone = Deleted()
    found: dict[str, Any] = {}
    for kind, by_id in paths.items():
        records = work.subjects.find(kind, by_id.keys())
        if kind is SubjectKind.ESTIMATE:
            records = _as_of(records, work.profiles.get().today(at))
        found |= {path: records.get(id_, gone) for id_, path in by_id.items()}
    return found


def _as_of(estimates: Mapping[int, Any], today: date) -> Mapping[int, Any]:
    """Return estimates with the status that they have today."""
    return {id_: estimate.as_of(today) for id_, estimate in estimates.items()}
