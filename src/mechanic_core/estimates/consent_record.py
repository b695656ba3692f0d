"""Who has consented, how, and who has written it down."""

from datetime import datetime
from typing import final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.estimates.decision import Channel
from mechanic_core.tickets.history import Entry, HistoryEvent


@final
@frozen(kw_only=True)
class ConsentRecord:
    """Whose decision it is, how it came to the shop, and who has entered it when.

    The *actor* is anonymous for one that was made with a link.
    """

    actor: Actor
    at: datetime
    person: str
    channel: Channel
    contact: str | None = None
    note: str | None = None

    def entry(self, event: HistoryEvent, from_: object = None, to: object = None) -> Entry:
        """Return the entry of the decision in the ticket's history."""
        return Entry.of(self.actor, self.at, event, from_, to, self.note)
