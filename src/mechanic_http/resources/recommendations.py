"""Recommendations: work that customers have declined, to be offered again."""

from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import (
    Recommendation,
    RecommendationId,
    RecommendationStatus,
)
from mechanic_core.recommendations.use_cases import (
    DismissRecommendation,
    ListRecommendations,
    ReadRecommendation,
)
from mechanic_core.rules import Description, checked
from mechanic_core.shop import Shop
from mechanic_core.values import IdNumber
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class RecommendationQuery(ListQuery):
    """Filters of the list of recommendations; all of them must match."""

    vehicle_id: Annotated[IdNumber | None, Description("Id of the vehicle.")] = None
    customer_id: Annotated[IdNumber | None, Description("Id of the customer.")] = None
    status: Annotated[RecommendationStatus | None, Description("Current status.")] = None

    @property
    def filter(self) -> RecommendationFilter:
        """The filter that the use case takes."""
        return RecommendationFilter(
            vehicle_id=self.vehicle_id, customer_id=self.customer_id, status=self.status
        )


@final
@frozen
class RecommendationCollection:
    """The list of recommendations."""

    shop: Shop

    @endpoint(ListRecommendations)
    def on_get(
        self, actor: Actor, query: RecommendationQuery, page: PageRequest
    ) -> Page[Recommendation]:
        """List recommendations; customers see those of their own tickets."""
        return self.shop.list_recommendations(actor, query.filter, page)


@final
@frozen
class RecommendationItem:
    """One recommendation."""

    shop: Shop

    @endpoint(ReadRecommendation)
    def on_get(self, actor: Actor, recommendation_id: RecommendationId) -> Recommendation:
        """Get a recommendation."""
        return self.shop.read_recommendation(actor, recommendation_id)


@final
@frozen
class RecommendationDismissal:
    """The dismissal of one recommendation."""

    shop: Shop

    @endpoint(DismissRecommendation)
    def on_post(
        self, actor: Actor, recommendation_id: RecommendationId, expected: int | None
    ) -> Recommendation:
        """Dismiss a recommendation: it is not offered any more."""
        return self.shop.dismiss_recommendation(actor, recommendation_id, expected)


ROUTES: Final = (
    Route("/recommendations", RecommendationCollection),
    Route("/recommendations/{recommendation_id}", RecommendationItem),
    Route("/recommendations/{recommendation_id}/dismiss", RecommendationDismissal),
)
