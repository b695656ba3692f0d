"""List, read and dismiss recommendations."""

from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import ANY_LOGIN, OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.paging import Page, PageRequest, empty_page
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import (
    Recommendation,
    RecommendationChanged,
    RecommendationClosed,
    RecommendationId,
    RecommendationNotFound,
)
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class ListRecommendations:
    """List recommendations; customers see those of their own tickets only."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(
        self, actor: Actor, wanted: RecommendationFilter, page: PageRequest
    ) -> Page[Recommendation]:
        """Return the recommendations wanted that the caller may see."""
        self.policy.admit(actor)
        if actor.is_customer:
            if wanted.customer_id not in (None, actor.id):
                return empty_page(page)
            wanted = evolve(wanted, customer_id=actor.id)
        with self.read_lagging(actor) as work:
            return work.recommendations.find(wanted, page)


@final
@frozen
class ReadRecommendation:
    """Read a recommendation."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (RecommendationNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, recommendation_id: RecommendationId) -> Recommendation:
        """Return the recommendation."""
        self.policy.admit(actor)
        with self.read_only() as work:
            found = work.recommendations.get(recommendation_id)
        self.policy.require_access(actor, found.customer_id, RecommendationNotFound())
        return found


@final
@frozen
class DismissRecommendation:
    """Dismiss a recommendation: it is not offered any more."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (RecommendationNotFound, RecommendationClosed, RecommendationChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, recommendation_id: RecommendationId, expected: int | None = None
    ) -> Recommendation:
        """Return the recommendation."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            before = work.recommendations.lock(recommendation_id)
            before.require_version(expected)
            after = before.dismiss(self.now())
            return before if after is before else work.recommendations.save(after)
