"""What a moving window lets through, by definition: the oracle for every store of windows."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Final

from attrs import define
from hypothesis import strategies as st

from mechanic_adapters.rate_limits.memory import MICROSECONDS, SlidingWindows, Taken

HOUR: Final = 3600 * MICROSECONDS

PAUSES: Final = st.lists(
    st.sampled_from([0, 1, HOUR // 10, HOUR // 3, HOUR - 1, HOUR, HOUR + 1])
    | st.integers(0, 2 * HOUR),
    max_size=60,
)
"""What passes between requests: at once, just within, just beyond, and anything."""


@define
class Hands:
    """A clock in microseconds that is moved by hand."""

    at: int = 1_700_000_000 * MICROSECONDS

    def __call__(self) -> int:
        """Return where the hands stand."""
        return self.at


def play(take: Callable[[], Taken], hands: Hands, pauses: Sequence[int]) -> list[tuple[int, Taken]]:
    """Return what came of each request, and when."""
    played = []
    for at in accumulate(pauses, initial=hands.at):
        hands.at = at
        played.append((at, take()))
    return played


def expected(times: Sequence[int], limit: int, window: int) -> list[Taken]:
    """Return what each request at *times* must be told."""
    let_in: list[int] = []
    told = []
    for now in times:
        held = [at for at in let_in if at > now - window]
        allowed = len(held) < limit
        if allowed:
            let_in.append(now)
            held.append(now)
        told.append(Taken(allowed, len(held), held[0] + window - now))
    return told


def check(
    windows: SlidingWindows, hands: Hands, key: str, pauses: Sequence[int], limit: int
) -> None:
    """Hold *windows* to the definition for one sequence of requests."""
    played = play(lambda: windows.take(key, limit, HOUR), hands, pauses)
    times, told = [at for at, _ in played], [taken for _, taken in played]

    assert expected(times, limit, HOUR) == told
    let_in = [at for at, taken in played if taken.allowed]
    assert all(sum(at - HOUR < other <= at for other in let_in) <= limit for at in let_in)
    for (before, earlier), (at, later) in pairwise(played):
        moved = before + earlier.free_in <= at
        assert moved or later.held >= earlier.held
