"""Finding what begins with a text."""

import sqlite3
from contextlib import closing

from hypothesis import example, given
from hypothesis import strategies as st

from mechanic_adapters.sql.queries.prefix_search import bounds

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(TEXTS, TEXTS)
@example("a", "ab")
@example("\ud7ff", "\ue000")
@example("\U0010ffff", "\U0010ffffa")
@example("a\U0010ffff", "b")
@example("%", "_")
def test_finds_what_begins_so_and_nothing_else(start: str, text: str) -> None:
    """
    A text lies within the bounds exactly if it begins so.
    """
    found = bounds(start)

    for one in (text, start + text, start[:-1] + text):
        assert one.startswith(start) == (found["least"] <= one < found["most"])


@given(TEXTS, TEXTS)
def test_agrees_with_the_database(one: str, other: str) -> None:
    """
    SQLite compares texts as Python does.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        (said,) = connection.execute("SELECT ? < ?", (one, other)).fetchone()

    assert (one < other) == bool(said)
