"""The contract of `Events`: positions, reading from one, and the sweep."""

import threading
from datetime import timedelta

import pytest

from mechanic_adapters.conformance.samples.events import positions, read
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    add_customer,
    add_vehicle,
    new_customer,
)
from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_core.events.event import Event, EventType
from mechanic_core.unit_of_work import ReadOnlyError, Store


class TestPositions:
    """Positions are 1, 2, 3 and so on, in the order in which readers see the events."""

    def test_numbers_without_a_gap(self, store: Store) -> None:
        """Rollbacks leave no gap; events that are numbered keep their position."""
        for _ in range(3):
            add_customer(store)
            with rolled_back(store) as work:
                work.customers.add(new_customer())
        first = read(store)
        add_customer(store)

        assert [1, 2, 3] == positions(first.events)
        assert [*first.events] == [*read(store).events][:3]
        assert [4] == positions(read(store, 3).events)

    def test_reads_from_a_position(self, store: Store) -> None:
        """Events follow the position, at most as many as wanted; bounds are those of all."""
        for _ in range(5):
            add_customer(store)

        batch = read(store, 2, 2)

        assert ([3, 4], 1, 5) == (positions(batch.events), batch.first, batch.last)
        assert ([], 1, 5) == (positions(read(store, 9).events), batch.first, batch.last)

    def test_reads_one_type(self, store: Store) -> None:
        """Of one type only its events are read, with the bounds of all."""
        owner = add_customer(store)
        for _ in range(3):
            add_vehicle(store, owner)
        add_customer(store)

        batch = read(store, 2, type_=EventType.VEHICLE_CREATED)

        assert ([3, 4], 1, 5) == (positions(batch.events), batch.first, batch.last)
        assert () == tuple(read(store, type_=EventType.PART_ARCHIVED).events)

    def test_has_bounds_without_events(self, store: Store) -> None:
        """In a new store the first event will be 1."""
        batch = read(store)

        assert ((), 1, 0) == (tuple(batch.events), batch.first, batch.last)

    def test_numbers_inside_a_transaction_only(self, store: Store) -> None:
        """A view does not number, unless nothing is to be numbered ever."""
        add_customer(store)
        with store.read_only() as work:
            if work.events.unnumbered():
                with pytest.raises(ReadOnlyError):
                    work.events.number(1)

    def test_loses_nothing_among_writers(self, store: Store) -> None:
        """A reader that follows while others write sees each event once, in order."""
        writers, each = 4, 10

        def write() -> None:
            for _ in range(each):
                add_customer(store)

        threads = [threading.Thread(target=write) for _ in range(writers)]
        for thread in threads:
            thread.start()
        seen: list[Event] = []
        while any(thread.is_alive() for thread in threads):
            seen += read(store, len(seen), 7).events
        while batch := read(store, len(seen), 7).events:
            seen += batch

        assert [*range(1, writers * each + 1)] == positions(seen)
        assert len(seen) == len({event.id for event in seen})


class TestSweep:
    """Old events are deleted from the front."""

    def test_deletes_from_the_front(self, store: Store) -> None:
        """Only events before the moment go, at most as many as wanted, and positions go on."""
        for _ in range(3):
            add_customer(store)
        add_customer(store, updated_at=LATER)
        add_customer(store)
        read(store)

        with store.begin() as work:
            swept = [work.events.sweep(AT + timedelta(seconds=1), 2) for _ in range(3)]

        batch = read(store)
        assert [2, 1, 0] == swept
        assert ([4, 5], 4, 5) == (positions(batch.events), batch.first, batch.last)

    def test_keeps_count_when_all_are_gone(self, store: Store) -> None:
        """After all events are deleted the next one has the next position."""
        for _ in range(3):
            add_customer(store)
        read(store)
        with store.begin() as work:
            work.events.sweep(LATER, 10)

        empty = read(store)
        add_customer(store)

        assert ((), 4, 3) == (tuple(empty.events), empty.first, empty.last)
        assert [4] == positions(read(store).events)
