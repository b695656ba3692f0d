"""Pages of a list fit together."""

from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.paging import Page, PageRequest, page_from_rows


@given(st.lists(st.integers(1, 99), unique=True).map(sorted), st.integers(1, 10))
def test_keyset_pagination_visits_everything_once(keys: list[int], size: int) -> None:
    """
    Following the last key from page to page yields each item exactly once, in order.
    """
    seen: list[int] = []
    page = Page[int]((), has_more=True, last=0)
    while page.has_more:
        following = [key for key in keys if key > (page.last or 0)]
        page = page_from_rows(
            following[: size + 1], PageRequest(size=size, after=page.last), key=lambda k: k
        )
        seen += page.items

    assert keys == seen


@given(st.lists(st.integers()), st.integers(1, 10))
def test_a_page_is_never_longer_than_its_size(found: list[int], size: int) -> None:
    """
    One row beyond the size only shows that more follow.
    """
    page = page_from_rows(
        found[: size + 1], PageRequest(size=size), key=lambda k: k, total=len(found)
    )

    assert tuple(found[:size]) == page.items
    assert (len(found) > size) == page.has_more
    assert (page.items[-1] if page.has_more else None) == page.last
    assert len(found) == page.total


def test_mapping_a_page_keeps_its_last_key() -> None:
    """
    Mapping the items does not change where the next page starts.
    """
    page = Page((1, 2), has_more=True, last=2, total=9)

    assert Page(("1", "2"), has_more=True, last=2, total=9) == page.map(str)
