"""How far the bill of a ticket may go: what the customer has authorized, and what they have not."""

from typing import Annotated

from attrs import frozen

from mechanic_core.money import WHOLE, Money
from mechanic_core.pricing.rounding import rounded
from mechanic_core.profile.billing import AuthorizationMode, Tolerance
from mechanic_core.rules import Description, Example, computed
from mechanic_core.tickets.job import JobId

JobIds = Annotated[tuple[JobId, ...], Example((8,))]


@frozen(kw_only=True)
class Authorization:
    """What the customer of a ticket has authorized, and how far the bill may pass it."""

    mode: Annotated[AuthorizationMode, Example(AuthorizationMode.CEILING)]
    authorized: Annotated[
        Money,
        Example(840),
        Description("What all authorized jobs come to, as the customer has seen them."),
    ]
    limit: Annotated[
        Money | None, Example(1000), Description("The latest spending limit; null without one.")
    ]
    tolerance: Annotated[
        Money, Example(50), Description("How far the bill may pass what was authorized.")
    ]
    current: Annotated[Money, Example(875.5), Description("What the ticket comes to now.")]
    undecided: Annotated[
        JobIds, Description("The jobs that still need authorization; warranty jobs need none.")
    ]
    changed: Annotated[
        JobIds, Description("The authorized jobs that have changed since, but for warranty jobs.")
    ]

    @computed
    def ceiling(self) -> Annotated[Money, Example(1000)]:
        """The most that the ticket may come to."""
        authorized = self.authorized + self.tolerance
        return Money(authorized if self.limit is None else max(self.limit, authorized))

    @computed
    def headroom(self) -> Annotated[Money, Example(124.5)]:
        """What is left up to the ceiling; below 0 beyond it."""
        return Money(self.ceiling - self.current)

    @property
    def is_within_limit(self) -> bool:
        """Whether the customer's spending limit covers the whole ticket."""
        return self.limit is not None and self.current <= self.limit


def tolerance_on(authorized: int, tolerance: Tolerance) -> Money:
    """Return how far a bill may pass what was *authorized*: a percentage is rounded once."""
    greater = max(rounded(authorized * tolerance.percent, WHOLE), tolerance.amount)
    return Money(greater if tolerance.most is None else min(greater, tolerance.most))
