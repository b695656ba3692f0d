"""Lists: pages, cursors, links and filters."""

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


def test_answers_with_an_envelope() -> None:
    """
    A list tells its items, where they stand, and how to go on.
    """
    found = stocked(3).get("/inventory?per_page=2&include_total=true").json

    assert [1, 2] == [item["id"] for item in found.pop("items")]
    assert isinstance(found.pop("next_cursor"), str)
    assert {"page": 1, "per_page": 2, "has_more": True, "total": 3} == found


def test_counts_only_when_asked() -> None:
    """
    Without `include_total` there is no `total`, and on the last page no cursor.
    """
    found = stocked(2).get("/inventory?page=2&per_page=1").json

    assert (False, None, 2) == (found["has_more"], found["next_cursor"], found["page"])
    assert "total" not in found


def test_tells_how_far_it_was_counted() -> None:
    """
    Where the store knows no total, the answer says how many there are at least, and no less.
    """
    pagination = Pagination(
        ListQuery(include_total=True), (), "/inventory", b"", CursorSigner(b"s" * 32)
    )

    known, _ = pagination.envelope(Page((), total=MAX_FILTERED_TOTAL), [])
    unknown, _ = pagination.envelope(Page((), total=None), [])

    assert (MAX_FILTERED_TOTAL, None) == (known["total"], known.get("total_above"))
    assert (None, MAX_FILTERED_TOTAL) == (unknown.get("total"), unknown["total_above"])


def test_links_pages_and_keeps_the_filters() -> None:
    """
    First, previous and next page carry what else was asked.
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
def test_walks_through_every_row_once(count: int, size: int, by_cursor: bool) -> None:  # noqa: FBT001
    """
    Following `next`, or the cursor, visits each row exactly once.
    """
    line = stocked(count)
    path, seen = f"/inventory?per_page={size}", []
    while path:
        found = line.get(path)
        seen += [item["id"] for item in found.json["items"]]
        cursor = found.json["next_cursor"]
        if by_cursor:
            path = f"/inventory?per_page={size}&cursor={cursor}" if cursor else ""
        else:
            path = links_of(found.headers["link"]).get("next", "")

    assert list(range(1, count + 1)) == seen


@FEWER
@given(size=st.integers(1, 4), between=st.lists(st.booleans(), max_size=8))
def test_walks_on_while_rows_come_and_go(size: int, between: list[bool]) -> None:
    """
    Rows that are there throughout are seen once, whatever is added or archived meanwhile.
    """
    line = stocked(6)
    seen: list[int] = []
    cursor = line.get(f"/inventory?per_page={size}").json
    seen += [item["id"] for item in cursor["items"]]
    for adds in between:
        if adds:
            line.ask("POST", "/inventory", {"name": "n", "price": 1}, MECHANIC)
        elif seen[-1] not in (1, 6):
            line.ask("DELETE", f"/inventory/{seen[-1]}", actor=MECHANIC)
        if cursor["next_cursor"]:
            cursor = line.get(f"/inventory?per_page={size}&cursor={cursor['next_cursor']}").json
            seen += [item["id"] for item in cursor["items"]]
    while cursor["next_cursor"]:
        cursor = line.get(f"/inventory?per_page={size}&cursor={cursor['next_cursor']}").json
        seen += [item["id"] for item in cursor["items"]]

    assert len(set(seen)) == len(seen)
    assert set(range(1, 7)) <= set(seen)


def test_walks_newest_first() -> None:
    """
    One's own tickets come newest first, by cursor as well.
    """
    line = client()
    opened = [line.premises.open().id for _ in range(5)]
    first = line.get("/my-tickets?per_page=3", CUSTOMER).json
    rest = line.get(f"/my-tickets?cursor={first['next_cursor']}", CUSTOMER).json

    assert opened[::-1] == [t["id"] for t in first["items"] + rest["items"]]
    assert rest["page"] is None


def test_offers_no_previous_page_to_a_cursor() -> None:
    """
    Cursors go forward only.
    """
    line = stocked(4)
    cursor = line.get("/inventory?per_page=1").json["next_cursor"]

    found = line.get(f"/inventory?per_page=1&cursor={cursor}")

    assert {"first", "next"} == set(links_of(found.headers["link"]))
    assert "cursor=" in links_of(found.headers["link"])["next"]


def cursor_of(line: Client, path: str, actor: Actor = ANONYMOUS) -> str:
    """Return the cursor behind the first item of a list."""
    return str(line.get(path, actor).json["next_cursor"])


def test_refuses_a_changed_cursor() -> None:
    """
    Not one character of a cursor can be another.
    """
    line = stocked(3)
    cursor = cursor_of(line, "/inventory?per_page=1")
    bent = [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        for place in range(len(cursor))
    ]

    for one in [*bent, cursor[:-1], cursor + "A", "x", "%20", "é", "=" * 8]:
        found = line.get(f"/inventory?cursor={one}")
        assert (422, "cursor") == (found.status_code, found.json["errors"][0]["parameter"]), one


def test_refuses_another_spelling_of_a_cursor() -> None:
    """
    Base64 has several texts for the same bytes; a cursor has one.
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
    What nobody was given is 422, though it may mean the same.
    """
    line = stocked(3)
    cursor = cursor_of(line, "/inventory?per_page=1")

    assert [200, 422, 422, 422] == [
        line.get(f"/inventory?cursor={cursor}{more}").status_code for more in ("", "=", "==", "%3D")
    ]


def test_refuses_a_cursor_of_another_list() -> None:
    """
    A cursor is good for its own list, filters, owner and part only.
    """
    line = stocked(3)
    for _ in range(3):
        line.premises.open()
        line.premises.open(customer_id=2, vin=None)
    cases = [
        ("/inventory?per_page=1", ANONYMOUS, "/inventory?q=b", ANONYMOUS),
        ("/inventory?per_page=1", ANONYMOUS, "/mechanics", ANONYMOUS),
        ("/my-tickets?per_page=1", CUSTOMER, "/my-tickets", OTHER),
        ("/my-tickets?per_page=1", CUSTOMER, "/my-tickets", MECHANIC),
        ("/service_tickets?per_page=1", MECHANIC, "/service_tickets?status=open", MECHANIC),
        ("/service_tickets?per_page=1", MECHANIC, "/customers", MECHANIC),
    ]

    for first, asker, second, other in cases:
        cursor = cursor_of(line, first, asker)
        assert cursor != "None", first
        mark = "&" if "?" in second else "?"
        assert 422 == line.get(f"{second}{mark}cursor={cursor}", other).status_code, second


def test_takes_a_cursor_with_another_page_size() -> None:
    """
    How many are wanted at a time may change on the way.
    """
    line = stocked(5)
    cursor = cursor_of(line, "/inventory?per_page=1&sku=&q=b".replace("&sku=", ""))

    found = line.get(f"/inventory?q=b&cursor={cursor}&per_page=2&include_total=true").json

    assert [2, 3] == [item["id"] for item in found["items"]]


def test_seals_cursors_with_the_secret() -> None:
    """
    A cursor of another installation is refused.
    """
    sealed = CursorSigner(b"a" * 32).sign(b"list", 7)

    assert 7 == CursorSigner(b"a" * 32).verify(b"list", sealed)
    with pytest.raises(RuleBroken):
        CursorSigner(b"b" * 32).verify(b"list", sealed)


def test_keeps_what_is_low_for_staff() -> None:
    """
    `low_stock` needs a member of staff, though the list is public.
    """
    line = client()

    assert [401, 403, 200] == [
        line.get("/inventory?low_stock=false", actor).status_code
        for actor in (ANONYMOUS, CUSTOMER, MECHANIC)
    ]


def test_keeps_secrets_out_of_its_settings() -> None:
    """
    The cursor's secret shows in no log.
    """
    assert "ccc" not in repr(HttpSettings(cursor_secret=b"c" * 32))
