"""Ports of recommendations."""

from typing import Protocol

from attrs import frozen

from mechanic_core.paging import Page, PageRequest
from mechanic_core.recommendations.recommendation import (
    Recommendation,
    RecommendationId,
    RecommendationStatus,
)
from mechanic_core.rules import checked


@frozen(kw_only=True, field_transformer=checked)
class RecommendationFilter:
    """Conditions on recommendations, all of which must hold; None is no condition."""

    vehicle_id: int | None = None
    customer_id: int | None = None
    status: RecommendationStatus | None = None


class Recommendations(Protocol):
    """The recommendations."""

    def get(self, recommendation_id: RecommendationId) -> Recommendation:
        """Return the recommendation, or raise `RecommendationNotFound`."""
        ...

    def lock(self, recommendation_id: RecommendationId) -> Recommendation:
        """Return the recommendation after locking it until the transaction ends.

        Raises `RecommendationNotFound`.
        """
        ...

    def add(self, recommendation: Recommendation) -> Recommendation:
        """Store a new recommendation and return it with its id."""
        ...

    def save(self, recommendation: Recommendation) -> Recommendation:
        """Store the changed recommendation and return it with its new version.

        Raises `LostRace` when the stored version is another one.
        """
        ...

    def find(self, wanted: RecommendationFilter, page: PageRequest) -> Page[Recommendation]:
        """Return recommendations by id."""
        ...
