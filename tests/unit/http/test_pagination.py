"""Pagination: pages, cursors, links and filters."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import Actor
from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.part import PartForm
from mechanic_core.paging import MAX_FILTERED_TOTAL, Page
from mechanic_http.endpoint.pagination import CursorSigner, Pagination
from mechanic_http.endpoint.query import ListQuery
from mechanic_http.settings import HttpSettings
from tests.shops import CUSTOMER, MECHANIC
from tests.strategies import FEWER, sample
from tests.unit.http.shop import ANONYMOUS, OTHER, Client, client


def stocked(count: int) -> Client:
    """Return a client of a shop with *count* parts."""
    found = client()
    for number in range(2, count + 1):
        found.premises.shop.add_part(MECHANIC, sample(PartForm, sku=f"P{number}"))
    return found


def links_of(header: str) -> dict[str, str]:
    """Return the targets of a `Link` header by relation."""
    return {rel: target for target, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


def test_responds_with_an_envelope() -> None:
    """
    A list has its items, its page and how to go on.
    """
    found = stocked(3).get("/inventory?per_page=2&include_total=true").json

    assert [1, 2] == [item["id"] for item in found.pop("items")]
    assert isinstance(found.pop("next_cursor"), str)
    assert {"page": 1, "per_page": 2, "has_more": True, "total": 3} == found


def test_counts_only_on_request() -> None:
    """
    Without `include_total` there is no `total`, and on the last page no cursor.
    """
    found = stocked(2).get("/inventory?page=2&per_page=1").json

    assert (False, None, 2) == (found["has_more"], found["next_cursor"], found["page"])
    assert "total" not in found


def test_reports_a_lower_bound_of_the_total() -> None:
    """
    Where the total is unknown, the response has a lower bound.
    """
    pagination = Pagination(
        ListQuery(include_total=True), (), "/inventory", b"", CursorSigner(b"s" * 32)
    )

    known, _ = pagination.envelope(Page((), total=MAX_FILTERED_TOTAL), [])
    unknown, _ = pagination.envelope(Page((), total=None), [])

    assert (MAX_FILTERED_TOTAL, None) == (known["total"], known.get("total_above"))
    assert (None, MAX_FILTERED_TOTAL) == (unknown.get("total"), unknown["total_above"])


def test_links_have_the_filters() -> None:
    """
    The links to first, previous and next page have the filters of the request.
    """
    found = stocked(9).get("/inventory?q=BRAKE%20pad&page=2&per_page=2")

    assert {
        "first": {"q": ["BRAKE pad"], "per_page": ["2"]},
        "prev": {"q": ["BRAKE pad"], "per_page": ["2"], "page": ["1"]},
        "next": {"q": ["BRAKE pad"], "per_page": ["2"], "page": ["3"]},
    } == {
        rel: parse_qs(urlsplit(target).query)
        for rel, target in links_of(found.headers["link"]).items()
    }


@FEWER
@given(count=st.integers(1, 12), size=st.integers(1, 5), by_cursor=st.booleans())
def test_following_links_visits_every_row_once(count: int, size: int, by_cursor: bool) -> None:  # noqa: FBT001
    """
    Following `next`, or the cursor, visits each row exactly once.
    """
    shop = stocked(count)
    path, seen = f"/inventory?per_page={size}", []
    while path:
        found = shop.get(path)
        seen += [item["id"] for item in found.json["items"]]
        cursor = found.json["next_cursor"]
        if by_cursor:
            path = f"/inventory?per_page={size}&cursor={cursor}" if cursor else ""
        else:
            path = links_of(found.headers["link"]).get("next", "")

    assert list(range(1, count + 1)) == seen


@FEWER
@given(size=st.integers(1, 4), between=st.lists(st.booleans(), max_size=8))
def test_cursors_survive_insertions_and_removals(size: int, between: list[bool]) -> None:
    """
    Rows that exist throughout are visited once, whatever is added or archived meanwhile.
    """
    shop = stocked(6)
    seen: list[int] = []
    cursor = shop.get(f"/inventory?per_page={size}").json
    seen += [item["id"] for item in cursor["items"]]
    for adds in between:
        if adds:
            shop.ask("POST", "/inventory", {"name": "n", "price": 1}, MECHANIC)
        elif seen[-1] not in (1, 6):
            shop.ask("DELETE", f"/inventory/{seen[-1]}", actor=MECHANIC)
        if cursor["next_cursor"]:
            cursor = shop.get(f"/inventory?per_page={size}&cursor={cursor['next_cursor']}").json
            seen += [item["id"] for item in cursor["items"]]
    while cursor["next_cursor"]:
        cursor = shop.get(f"/inventory?per_page={size}&cursor={cursor['next_cursor']}").json
        seen += [item["id"] for item in cursor["items"]]

    assert len(set(seen)) == len(seen)
    assert set(range(1, 7)) <= set(seen)


def test_own_tickets_are_listed_newest_first() -> None:
    """
    A customer's own tickets are listed newest first, by cursor as well.
    """
    shop = client()
    opened = [shop.premises.open().id for _ in range(5)]
    first = shop.get("/my-tickets?per_page=3", CUSTOMER).json
    rest = shop.get(f"/my-tickets?cursor={first['next_cursor']}", CUSTOMER).json

    assert opened[::-1] == [t["id"] for t in first["items"] + rest["items"]]
    assert rest["page"] is None


def test_a_cursor_has_no_previous_page() -> None:
    """
    Cursors only go forward.
    """
    shop = stocked(4)
    cursor = shop.get("/inventory?per_page=1").json["next_cursor"]

    found = shop.get(f"/inventory?per_page=1&cursor={cursor}")

    assert {"first", "next"} == set(links_of(found.headers["link"]))
    assert "cursor=" in links_of(found.headers["link"])["next"]


def cursor_of(shop: Client, path: str, actor: Actor = ANONYMOUS) -> str:
    """Return the cursor after the first item of a list."""
    return str(shop.get(path, actor).json["next_cursor"])


def test_refuses_a_modified_cursor() -> None:
    """
    A cursor with any character changed is refused.
    """
    shop = stocked(3)
    cursor = cursor_of(shop, "/inventory?per_page=1")
    bent = [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        for place in range(len(cursor))
    ]

    for one in [*bent, cursor[:-1], cursor + "A", "x", "%20", "é", "=" * 8]:
        found = shop.get(f"/inventory?cursor={one}")
        assert (422, "cursor") == (found.status_code, found.json["errors"][0]["parameter"]), one


def test_refuses_another_encoding_of_a_cursor() -> None:
    """
    Base64 has several texts for the same bytes; only one of them is a cursor.
    """
    cursors = CursorSigner(b"s" * 32)
    sealed = next(one for n in range(1000) if {"-", "_"} <= set(one := cursors.sign(b"list", n)))
    others = [
        *(sealed + more for more in ("=", "==", "====", "AAAA", "\n", "!", "é")),
        *(sealed[:4] + more + sealed[4:] for more in ("=", "\n", "!")),
        *(sealed.replace(*pair) for pair in (("-", "+"), ("_", "/"))),
    ]

    for one in others:
        with pytest.raises(RuleBroken):
            cursors.verify(b"list", one)


def test_refuses_a_cursor_with_padding() -> None:
    """
    A cursor that differs from the issued one is 422, even if it decodes to the same bytes.
    """
    shop = stocked(3)
    cursor = cursor_of(shop, "/inventory?per_page=1")

    assert [200, 422, 422, 422] == [
        shop.get(f"/inventory?cursor={cursor}{more}").status_code for more in ("", "=", "==", "%3D")
    ]


def test_refuses_a_cursor_of_another_list() -> None:
    """
    A cursor is valid for its own list, filters, owner and part only.
    """
    shop = stocked(3)
    for _ in range(3):
        shop.premises.open()
        shop.premises.open(customer_id=2, vin=None)
    cases = [
        ("/inventory?per_page=1", ANONYMOUS, "/inventory?q=b", ANONYMOUS),
        ("/inventory?per_page=1", ANONYMOUS, "/mechanics", ANONYMOUS),
        ("/my-tickets?per_page=1", CUSTOMER, "/my-tickets", OTHER),
        ("/my-tickets?per_page=1", CUSTOMER, "/my-tickets", MECHANIC),
        ("/service_tickets?per_page=1", MECHANIC, "/service_tickets?status=open", MECHANIC),
        ("/service_tickets?per_page=1", MECHANIC, "/customers", MECHANIC),
    ]

    for first, asker, second, other in cases:
        cursor = cursor_of(shop, first, asker)
        assert cursor != "None", first
        mark = "&" if "?" in second else "?"
        assert 422 == shop.get(f"{second}{mark}cursor={cursor}", other).status_code, second


def test_accepts_a_cursor_with_another_page_size() -> None:
    """
    The page size may change between pages.
    """
    shop = stocked(5)
    cursor = cursor_of(shop, "/inventory?per_page=1&sku=&q=b".replace("&sku=", ""))

    found = shop.get(f"/inventory?q=b&cursor={cursor}&per_page=2&include_total=true").json

    assert [2, 3] == [item["id"] for item in found["items"]]


def test_signs_cursors_with_the_secret() -> None:
    """
    A cursor of another installation is refused.
    """
    sealed = CursorSigner(b"a" * 32).sign(b"list", 7)

    assert 7 == CursorSigner(b"a" * 32).verify(b"list", sealed)
    with pytest.raises(RuleBroken):
        CursorSigner(b"b" * 32).verify(b"list", sealed)


def test_low_stock_is_for_staff() -> None:
    """
    `low_stock` needs a member of staff, though the list is public.
    """
    shop = client()

    assert [401, 403, 200] == [
        shop.get("/inventory?low_stock=false", actor).status_code
        for actor in (ANONYMOUS, CUSTOMER, MECHANIC)
    ]


def test_hides_the_cursor_secret() -> None:
    """
    The cursor's secret is not in the settings' repr.
    """
    assert "ccc" not in repr(HttpSettings(cursor_secret=b"c" * 32))
