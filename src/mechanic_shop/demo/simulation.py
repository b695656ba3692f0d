"""A discrete-event simulation: scenarios that run side by side on a simulated clock."""

import heapq
from collections.abc import Generator
from datetime import datetime, timedelta
from itertools import count
from typing import TypeAlias

from attrs import define, field

Scenario: TypeAlias = Generator[timedelta]
"""Runs in steps; each step yields the time until the next."""


@define(eq=False)
class Simulation:
    """Runs scenarios in the order of their steps' times; calling it returns the time."""

    _now: datetime
    _queue: list[tuple[datetime, int, Scenario]] = field(factory=list, init=False)
    _order: "count[int]" = field(factory=count, init=False)

    def __call__(self) -> datetime:
        """Return the simulated time."""
        return self._now

    def start(self, scenario: Scenario, delay: timedelta) -> None:
        """Schedule the first step of *scenario* after *delay*."""
        self._schedule(self._now + delay, scenario)

    def run_until(self, end: datetime) -> None:
        """Run every step before *end* and abandon the rest."""
        while self._queue and self._queue[0][0] < end:
            self._now, _, scenario = heapq.heappop(self._queue)
            pause = next(scenario, None)
            if pause is not None:
                self._schedule(self._now + pause, scenario)
        self._now = end

    def _schedule(self, moment: datetime, scenario: Scenario) -> None:
        heapq.heappush(self._queue, (moment, next(self._order), scenario))
