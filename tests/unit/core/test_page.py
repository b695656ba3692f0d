"""Lists come in pieces that fit together."""

from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.paging import Page, PageRequest, page_from_rows


@given(st.lists(st.integers(1, 99), unique=True).map(sorted), st.integers(1, 10))
def test_walking_by_key_visits_everything_once(keys: list[int], size: int) -> None:
    """
    Following the last key from piece to piece sees each item exactly once, in order.
    """
    seen: list[int] = []
    piece = Page[int]((), has_more=True, last=0)
    while piece.has_more:
        behind = [key for key in keys if key > (piece.last or 0)]
        piece = page_from_rows(
            behind[: size + 1], PageRequest(size=size, after=piece.last), key=lambda k: k
        )
        seen += piece.items

    assert keys == seen


@given(st.lists(st.integers()), st.integers(1, 10))
def test_a_piece_is_never_longer_than_its_window(found: list[int], size: int) -> None:
    """
    The item too many only tells that there is more.
    """
    piece = page_from_rows(
        found[: size + 1], PageRequest(size=size), key=lambda k: k, total=len(found)
    )

    assert tuple(found[:size]) == piece.items
    assert (len(found) > size) == piece.has_more
    assert (piece.items[-1] if piece.has_more else None) == piece.last
    assert len(found) == piece.total


def test_a_piece_keeps_its_place_when_its_items_change() -> None:
    """
    What is shown of each item does not change where the next piece starts.
    """
    piece = Page((1, 2), has_more=True, last=2, total=9)

    assert Page(("1", "2"), has_more=True, last=2, total=9) == piece.map(str)
