"""Hypothesis strategies derived from the rules of the types."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st

from mechanic_core.rules import (
    Between,
    Length,
    Pattern,
    first_violation,
    normalizer_of,
    rules_of,
)

MOST_DRAWN: Final = 40

LETTERS: Final = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
VISIBLE: Final = st.characters(exclude_categories=["Cc", "Cf", "Cs"])
"""What texts with a pattern mostly have: those with other characters would be drawn in vain."""


def texts(declared: Any) -> st.SearchStrategy[str]:
    """Return a strategy for texts, in any script, that satisfy the rules of *declared*."""
    rules, most = rules_of(declared), min(longest(declared), MOST_DRAWN)
    letters = VISIBLE if any(isinstance(rule, Pattern) for rule in rules) else LETTERS
    drawn = st.text(letters, min_size=1, max_size=most)
    if normalize := normalizer_of(declared):
        drawn = drawn.map(normalize)
    return drawn.filter(lambda text: first_violation(rules, text) is None)


def longest(declared: Any) -> int:
    """Return the greatest length of a text of the type *declared*."""
    return next(rule.maximum for rule in rules_of(declared) if isinstance(rule, Length))


def numbers(declared: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for numbers that satisfy the rules of *declared*."""
    (bounds,) = (rule for rule in rules_of(declared) if isinstance(rule, Between))
    return st.integers(bounds.minimum, bounds.maximum)


moments: Final = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the time zone is drawn
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.integers(-720, 840).map(lambda at: timezone(timedelta(minutes=at))),
    ),
)
"""Moments to the microsecond, in any time zone."""


def fewer_examples() -> settings:
    """Return settings with a third of the examples, for tests with several transactions each."""
    return settings(max_examples=max(1, settings().max_examples // 3))
