"""Recommendations in memory."""

from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.recommendations.ports import (
    RecommendationFilter,
    Recommendations,
)
from mechanic_core.recommendations.recommendation import (
    Recommendation,
    RecommendationId,
    RecommendationNotFound,
)

_RECOMMENDATIONS: Final = TableName[int, Recommendation]("recommendations", "recommendations")


@final
@frozen
class MemoryRecommendations(Recommendations):
    """The recommendations."""

    _tables: Tables

    def get(self, recommendation_id: RecommendationId) -> Recommendation:
        found = self._tables[_RECOMMENDATIONS].get(recommendation_id)
        if found is None:
            raise RecommendationNotFound
        return found

    def lock(self, recommendation_id: RecommendationId) -> Recommendation:
        return self.get(recommendation_id)

    def add(self, recommendation: Recommendation) -> Recommendation:
        return add_record(self._tables, _RECOMMENDATIONS, recommendation)

    def save(self, recommendation: Recommendation) -> Recommendation:
        return save_record(self._tables, _RECOMMENDATIONS, recommendation)

    def find(self, wanted: RecommendationFilter, page: PageRequest) -> Page[Recommendation]:
        found = (
            one
            for one in self._tables[_RECOMMENDATIONS].all()
            if wanted.vehicle_id in (None, one.vehicle_id)
            and wanted.customer_id in (None, one.customer_id)
            and wanted.status in (None, one.status)
        )
        return paginate(found, page, lambda one: one.id)


def reassign_declined(tables: Tables, former: CustomerId, owner: CustomerId, at: datetime) -> None:
    """Make the recommendations of *former* those of *owner*."""
    for one in list(tables[_RECOMMENDATIONS].all()):
        if one.customer_id == former:
            changed = evolve(one, customer_id=owner, updated_at=at)
            save_record(tables, _RECOMMENDATIONS, changed)


SUBJECTS: Final = {SubjectKind.RECOMMENDATION: lambda tables: MemoryRecommendations(tables).get}
