"""Recommendations in SQL."""

import functools
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, update

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery, without_none
from mechanic_adapters.sql.repositories.events import note_changes
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.estimates import recommendations
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import EventType, SubjectKind
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

_columns = recommendations.c
_TABLE = RecordTable(recommendations, Recommendation, lambda _: {})
_FILTERS: Final = {
    "vehicle_id": _columns.vehicle_id == bindparam("vehicle_id", type_=BigInteger),
    "customer_id": _columns.customer_id == bindparam("customer_id", type_=BigInteger),
    "status": _columns.status == bindparam("status", type_=_columns.status.type),
}


_REASSIGN = (
    update(recommendations)
    .values(
        customer_id=bindparam("new_owner_id", type_=BigInteger),
        updated_at=bindparam("at", type_=MOMENT),
        version=_columns.version + 1,
    )
    .where(_columns.customer_id == bindparam("owner_id", type_=BigInteger))
    .returning(_columns.id, _columns.version)
)


@functools.cache
def _list(names: frozenset[str]) -> PageQuery:
    """Return the list with these filters."""
    conditions = [_FILTERS[name] for name in sorted(names)]
    return PageQuery(rows=_TABLE.rows.where(*conditions), key=_columns.id)


@final
@frozen
class SqlRecommendations(Recommendations):
    """The table of recommendations."""

    _executor: Executor

    def get(self, recommendation_id: RecommendationId) -> Recommendation:
        return _required(_TABLE.get(self._executor, recommendation_id))

    def lock(self, recommendation_id: RecommendationId) -> Recommendation:
        return _required(_TABLE.lock(self._executor, recommendation_id))

    def add(self, recommendation: Recommendation) -> Recommendation:
        return _TABLE.add(self._executor, recommendation)

    def save(self, recommendation: Recommendation) -> Recommendation:
        return _TABLE.save(self._executor, recommendation)

    def find(self, wanted: RecommendationFilter, page: PageRequest) -> Page[Recommendation]:
        values = {
            "vehicle_id": wanted.vehicle_id,
            "customer_id": wanted.customer_id,
            "status": wanted.status,
        }
        params = without_none(values)
        return _list(frozenset(params)).fetch(self._executor, page, _TABLE.read, params)


def _required(found: Recommendation | None) -> Recommendation:
    if found is None:
        raise RecommendationNotFound
    return found


def reassign_declined(
    executor: Executor, former: CustomerId, owner: CustomerId, at: datetime
) -> None:
    """Make the recommendations of *former* those of *owner*."""
    params = {"owner_id": former, "new_owner_id": owner, "at": at}
    rows = executor.write_returning(_TABLE.noun, _REASSIGN, params)
    type_, kind = EventType.RECOMMENDATION_CHANGED, SubjectKind.RECOMMENDATION
    note_changes(executor, type_, kind, rows, at, ("customer_id",))


def read_recommendations(executor: Executor, ids: Collection[int]) -> Iterable[Recommendation]:
    """Return those of *ids* that exist."""
    return _TABLE.get_all(executor, ids)


SUBJECTS: Final = {SubjectKind.RECOMMENDATION: read_recommendations}
