"""Texts that make careless parsers slow, and the measurement of how their time grows."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise, product
from typing import Final

SIZES: Final = (2_000, 8_000, 32_000)
"""The lengths of the texts, each four times the one before it; the server's limits are between."""

MOST_GROWTH: Final = 8.0
"""Linear time grows four times from one size to the next, quadratic time sixteen times.

The limit is between both: a long text that no longer fits the cache of a busy processor was seen
to grow six times.
"""

FLOOR_S: Final = 0.000_3
"""Shorter times count as this one: they are noise."""

ATTEMPTS: Final = 8
HOPELESS_S: Final = 1.0
"""A text that takes longer than this is not measured again."""

MOST_SUSPECTS: Final = 10

PATTERNS: Final = (
    *(" ", "\t", ",", ";", ":", "=", '"', "\\", "/", "%", "&", "+", "-", "_", ".", "[", "{", "("),
    *(
        "@",
        "?",
        "*",
        "~",
        "0",
        "9",
        "a",
        "é",
        ";q=",
        ", ",
        " ,",
        'W/"',
        'W/"a",',
        "=,",
        "[{",
        "[1,",
    ),
    *('{"a":', '"a":1,', "\\u0041", '\\"', '";"', ';a="', "a=b;", "a=b&", "a ", "a.", "a,", "*/*,"),
    *("%41", "%C3%A9", "1e", "10.0.0.1,", "[::1]:1,", "://", "../", "\u0301\u0327", "\U0001f600"),
)
"""Characters and pieces of syntax that are repeated."""


def texts(beginnings: Iterable[str], ends: Iterable[str]) -> Iterator[Callable[[int], str]]:
    """Yield functions that return a text of a given length: repeated patterns with both ends."""
    for beginning, pattern, end in product(beginnings, PATTERNS, ends):
        yield _repeated(beginning, pattern, end)


def _repeated(beginning: str, pattern: str, end: str) -> Callable[[int], str]:
    return lambda size: f"{beginning}{pattern * (size // len(pattern))}{end}"


def growth(
    parse: Callable[[str], object],
    text: Callable[[int], str],
    clock: Callable[[], float] = time.thread_time,
) -> float:
    """Return the most that the CPU time of *parse* grows when its text is four times as long.

    The best times count, and only what looks slow is measured again.

    Args:
        parse: Parses a text; called several times.
        text: Returns a text of the given length.
        clock: Returns the CPU time so far.
    """
    sent = [text(size) for size in SIZES]
    best = [float("inf")] * len(sent)
    most = 0.0
    for _ in range(ATTEMPTS):
        for place, one in enumerate(sent):
            began = clock()
            parse(one)
            best[place] = min(best[place], clock() - began)
        times = [max(seconds, FLOOR_S) for seconds in best]
        most = max(after / before for before, after in pairwise(times))
        if most <= MOST_GROWTH or best[-1] > HOPELESS_S:
            break
    return most


def slow_texts(
    parse: Callable[[str], object],
    beginnings: Iterable[str] = ("", '"'),
    ends: Iterable[str] = ("x",),
    clock: Callable[[], float] = time.thread_time,
) -> list[str]:
    """Return the beginnings of the first few texts that take *parse* more than linear time.

    What looks slow is measured again after all others, when a busy moment of the machine is over.
    """

    def is_slow(text: Callable[[int], str]) -> bool:
        return growth(parse, text, clock) > MOST_GROWTH

    suspects = list(islice(filter(is_slow, texts(beginnings, ends)), MOST_SUSPECTS))
    return [repr(text(20)) for text in suspects if is_slow(text)]
