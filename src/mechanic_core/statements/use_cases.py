"""Read what customers owe."""

from datetime import date
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, OWNER_OR_STAFF, Actor
from mechanic_core.customers.customer import CustomerDetails, CustomerId, CustomerNotFound
from mechanic_core.profile.calendar import Period
from mechanic_core.profile.profile import ProfileValues, values_of
from mechanic_core.statements.receivables import Receivables, aged
from mechanic_core.statements.statement import Statement, with_balances
from mechanic_core.unit_of_work import ReadLagging
from mechanic_core.values import Clock


@final
@frozen
class ReadStatement:
    """Read the statement of a customer's account in a period."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (CustomerNotFound,)

    read_lagging: ReadLagging
    now: Clock

    def __call__(self, actor: Actor, customer_id: CustomerId, period: Period) -> Statement:
        """Return the statement, with all entries of the period."""
        self.policy.admit(actor)
        self.policy.require_access(actor, customer_id, CustomerNotFound())
        with self.read_lagging(actor) as work:
            customer = work.customers.get(customer_id)
            opening, entries = work.statements.of(customer_id, period)
            profile = work.profiles.get()
        entries = with_balances(opening, entries)
        return Statement(
            customer_id=customer_id,
            customer=CustomerDetails.of(customer),
            seller=values_of(profile, ProfileValues),
            since=period.since,
            until=period.until,
            today=profile.today(self.now()),
            opening=opening,
            entries=entries,
            closing=entries[-1].balance if entries else opening,
        )


@final
@frozen
class ReadReceivables:
    """Read what all customers owe on a day, by how long it is overdue."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging
    now: Clock

    def __call__(self, actor: Actor, as_of: date | None = None) -> Receivables:
        """Return the receivables of a day, which may be to come: without one, of today."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            day = as_of or work.profiles.get().today(self.now())
            return aged(work.statements.open_tickets(day), day)
