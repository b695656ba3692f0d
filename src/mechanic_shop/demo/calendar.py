"""The demo's calendar: a clock with hands, and what happens when."""

import heapq
from collections.abc import Generator
from datetime import datetime, timedelta
from itertools import count
from typing import TypeAlias

from attrs import define, field

Story: TypeAlias = Generator[timedelta]
"""Something that happens in steps; each tells how long it is until the next."""


@define(eq=False)
class Calendar:
    """Lets stories happen side by side, each step at its moment; calling it tells the time."""

    _at: datetime
    _plan: list[tuple[datetime, int, Story]] = field(factory=list, init=False)
    _order: "count[int]" = field(factory=count, init=False)

    def __call__(self) -> datetime:
        """Return the present moment of the demo."""
        return self._at

    def begin(self, story: Story, after: timedelta) -> None:
        """Let *story* begin that long from now."""
        self._add(self._at + after, story)

    def run_until(self, end: datetime) -> None:
        """Let everything happen that happens before *end*; what is left then stays undone."""
        while self._plan and self._plan[0][0] < end:
            self._at, _, story = heapq.heappop(self._plan)
            pause = next(story, None)
            if pause is not None:
                self._add(self._at + pause, story)
        self._at = end

    def _add(self, moment: datetime, story: Story) -> None:
        heapq.heappush(self._plan, (moment, next(self._order), story))
