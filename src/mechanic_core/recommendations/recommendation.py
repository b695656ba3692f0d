"""The recommendation record: work that a customer has declined, to be offered again."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, NewType, Self

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, NotFound, Stale, WrongState
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.inventory.part import PartId, Sku
from mechanic_core.money import Money, Price, Quantity
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import LineKind, LineText, TaxClass, line_amount
from mechanic_core.rules import Description, Example, computed
from mechanic_core.tickets.job import JobTitle
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.values import Version
from mechanic_core.vehicles.vehicle import VehicleId

RecommendationId = NewType("RecommendationId", Annotated[int, Example(5)])


class RecommendationNotFound(NotFound):
    """No such recommendation."""


class RecommendationChanged(Stale):
    """The recommendation has changed since you read it."""


class RecommendationStatus(StrEnum):
    """Whether the work may be offered again, was authorized since, or is not offered any more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class RecommendationClosed(WrongState):
    """The recommended work was authorized, is on the ticket already, or is not offered any more."""

    fact_types: ClassVar = {
        "recommendation_status": Annotated[
            RecommendationStatus, Example(RecommendationStatus.ACCEPTED)
        ]
    }


class PartArchived(Conflict):
    """A part of the recommended work is archived."""

    fact_types: ClassVar = {"part_id": PartId, "sku": Sku}


@frozen(kw_only=True)
class RecommendedLine:
    """A line of recommended work, as it was on the ticket. *quantity* is hours of labour."""

    kind: Annotated[LineKind, Example(LineKind.PART)]
    part_id: Annotated[PartId | None, Example(42)] = None
    description: LineText
    quantity: Annotated[Quantity, Example(1)]
    unit_price: Annotated[Price, Example(64.99)]
    discount: Discount | None = None
    tax_class: TaxClass

    @computed
    def amount(self) -> Annotated[Money, Example(64.99)]:
        """Quantity × price, before discounts."""
        return line_amount(self.quantity, self.unit_price)


@frozen(kw_only=True)
class Recommendation:
    """Work that the customer has declined on a ticket: the latest one where it was offered again.

    *amount* is what it came to, with tax, when it was last declined.
    """

    subject_kind: ClassVar = SubjectKind.RECOMMENDATION

    id: RecommendationId = RecommendationId(0)  # until it is stored
    vehicle_id: Annotated[VehicleId | None, Example(12)]
    customer_id: CustomerId
    ticket_id: Annotated[TicketId, Description("The ticket on which it was last declined.")]
    title: JobTitle
    lines: tuple[RecommendedLine, ...]
    amount: Annotated[Money, Example(189.32)]
    estimate: Annotated[int, Description("The number of the ticket's estimate."), Example(2)]
    times_offered: Annotated[int, Example(1)] = 1
    status: Annotated[RecommendationStatus, Example(RecommendationStatus.OPEN)] = (
        RecommendationStatus.OPEN
    )
    created_at: datetime
    updated_at: datetime
    version: Version = 1

    @property
    def part_ids(self) -> frozenset[PartId]:
        """The parts that it needs."""
        return frozenset(line.part_id for line in self.lines if line.part_id is not None)

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new recommendation."""
        if before is None:
            return EventType.RECOMMENDATION_CREATED
        return EventType.RECOMMENDATION_CHANGED

    def require_version(self, expected: int | None) -> None:
        """Raise `RecommendationChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise RecommendationChanged

    def require_open(self) -> None:
        """Raise `RecommendationClosed` unless it may be offered."""
        if self.status is not RecommendationStatus.OPEN:
            raise RecommendationClosed(
                f"the recommendation is {self.status.value}",
                recommendation_status=self.status.value,
            )

    def accept(self, at: datetime) -> Self:
        """Return it as authorized; itself if it is."""
        return self._with_status(RecommendationStatus.ACCEPTED, at)

    def dismiss(self, at: datetime) -> Self:
        """Return it as not offered any more; itself if it is not.

        Raises `RecommendationClosed` for one that was authorized.
        """
        if self.status is RecommendationStatus.ACCEPTED:
            self.require_open()
        return self._with_status(RecommendationStatus.DISMISSED, at)

    def decline_again(self, anew: Self) -> Self:
        """Return it as open, with what was declined *anew*, and offered once more."""
        return evolve(
            anew,
            id=self.id,
            times_offered=self.times_offered + 1,
            created_at=self.created_at,
            version=self.version,
        )

    def _with_status(self, status: RecommendationStatus, at: datetime) -> Self:
        return self if status is self.status else evolve(self, status=status, updated_at=at)
