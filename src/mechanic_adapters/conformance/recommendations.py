"""The contract of `Recommendations`."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, PaginatedList, Write
from mechanic_adapters.conformance.samples.estimates import (
    add_recommendation,
    new_recommendation,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    UNKNOWN,
    add_customer,
    add_ticket,
    add_vehicle,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import (
    Recommendation,
    RecommendationId,
    RecommendationNotFound,
    RecommendationStatus,
)
from mechanic_core.unit_of_work import Store, Work


def _offer(work: Work, seed: Seed) -> Recommendation:
    found = work.recommendations.lock(seed.recommendation.id)
    return work.recommendations.save(evolve(found, times_offered=found.times_offered + 1))


WRITES: Final = (
    Write(
        "recommendations.add",
        lambda work, seed: work.recommendations.add(new_recommendation(seed.ticket)),
        "recommendations",
        {EventType.RECOMMENDATION_CREATED: ()},
    ),
    Write(
        "recommendations.save",
        lambda work, seed: work.recommendations.save(evolve(seed.recommendation, title="Rear")),
        "recommendations",
        {EventType.RECOMMENDATION_CHANGED: ("title",)},
    ),
)
LISTS: Final = (
    PaginatedList(
        "recommendations",
        lambda work, seed, page: work.recommendations.find(
            RecommendationFilter(customer_id=seed.customer.id), page
        ),
        lambda work, seed: work.recommendations.add(new_recommendation(seed.ticket)),
    ),
)
LOCKS: Final = (
    Lock(
        "recommendations.lock",
        lambda work, seed: work.recommendations.lock(seed.recommendation.id),
        _offer,
        lambda work, seed: work.recommendations.get(seed.recommendation.id).times_offered - 1,
    ),
)


def new(store: Store, **fields: Any) -> Recommendation:
    """Return new declined work on a ticket in the store."""
    owner = add_customer(store)
    ticket = add_ticket(store, owner, vehicle=add_vehicle(store, owner))
    return new_recommendation(ticket, **fields)


def read(store: Store, recommendation: Recommendation) -> Recommendation:
    """Return the recommendation as it is."""
    with store.read_only() as work:
        return work.recommendations.get(recommendation.id)


def find(store: Store, **wanted: Any) -> list[RecommendationId]:
    """Return the ids of the recommendations that match a filter."""
    with store.read_only() as work:
        found = work.recommendations.find(RecommendationFilter(**wanted), ALL).items
    return [one.id for one in found]


class TestRecommendations:
    """Declined work."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with an id, for a vehicle or none."""
        for wanted in (new(store), new(store, vehicle_id=None, lines=())):
            added = add_recommendation(store, wanted)
            assert evolve(wanted, id=added.id) == added == read(store, added)

    def test_saves_a_change(self, store: Store) -> None:
        """Every value comes back, with the next version."""
        added, other = add_recommendation(store, new(store)), new(store)
        changed = evolve(
            other, id=added.id, times_offered=3, status=RecommendationStatus.DISMISSED, estimate=9
        )

        with store.begin() as work:
            locked = work.recommendations.lock(added.id)
            saved = work.recommendations.save(changed)
            again = work.recommendations.save(evolve(saved, title="Again"))

        assert (added, evolve(changed, version=2)) == (locked, saved)
        assert evolve(saved, title="Again", version=3) == again == read(store, added)

    @pytest.mark.parametrize("version", [0, 2])
    def test_refuses_another_version(self, store: Store, version: int) -> None:
        """Saving another version than the stored one raises `LostRace`, and changes nothing."""
        added = add_recommendation(store, new(store))

        with pytest.raises(LostRace), store.begin() as work:
            work.recommendations.save(evolve(added, title="Lost", version=version))

        assert added == read(store, added)

    def test_refuses_what_is_missing(self, store: Store) -> None:
        """An unknown one is neither returned nor locked."""
        with store.begin() as work:
            for get in (work.recommendations.get, work.recommendations.lock):
                with pytest.raises(RecommendationNotFound):
                    get(RecommendationId(UNKNOWN))

    def test_finds_by_vehicle_customer_and_status(self, store: Store) -> None:
        """All conditions must hold; without any all are found, by id."""
        first = add_recommendation(store, new(store))
        second = add_recommendation(
            store, evolve(first, vehicle_id=None, status=RecommendationStatus.ACCEPTED)
        )
        third = add_recommendation(store, new(store))
        ids = [one.id for one in (first, second, third)]

        assert ids == find(store)
        assert ids[:1] == find(store, vehicle_id=first.vehicle_id)
        assert ids[:2] == find(store, customer_id=first.customer_id)
        assert ids[1:2] == find(store, status=RecommendationStatus.ACCEPTED)
        open_ = RecommendationStatus.OPEN
        assert ids[2:] == find(store, customer_id=third.customer_id, status=open_)
        assert [] == find(store, vehicle_id=third.vehicle_id, customer_id=first.customer_id)

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """It is found by its id."""
        added = add_recommendation(store, new(store))

        with store.read_only() as work:
            found = work.subjects.find(SubjectKind.RECOMMENDATION, [added.id, UNKNOWN])

        assert {added.id: added} == found
