"""The range of the words that begin with a text."""

import sqlite3
from contextlib import closing

from hypothesis import example, given
from hypothesis import strategies as st

from mechanic_adapters.sql.queries.word_search import first_after

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(TEXTS, TEXTS)
@example("a", "ab")
@example("\ud7ff", "\ue000")
@example("\U0010ffff", "\U0010ffffa")
@example("a\U0010ffff", "b")
@example("%", "_")
def test_the_range_holds_exactly_the_texts_with_the_prefix(start: str, text: str) -> None:
    """
    A text is in the range exactly if it starts with the prefix.
    """
    for one in (text, start + text, start[:-1] + text):
        assert one.startswith(start) == (start <= one < first_after(start))


@given(TEXTS, TEXTS)
def test_agrees_with_the_database(one: str, other: str) -> None:
    """
    SQLite compares texts as Python does.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        (result,) = connection.execute("SELECT ? < ?", (one, other)).fetchone()

    assert (one < other) == bool(result)
