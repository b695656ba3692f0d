"""Archived parts over HTTP, and the conflicts that name tickets."""

from tests.shops import CUSTOMER, MECHANIC
from tests.unit.http.shop import ANONYMOUS
from tests.unit.http.test_contract import client_with_records

OLD = "/inventory/3"


def test_staff_get_an_archived_part() -> None:
    """
    An archived part is 200 with `archived: true` for staff and 404 for others, cached or not.
    """
    shop = client_with_records()

    for _ in range(2):
        found = [shop.get(OLD, actor).status_code for actor in (ANONYMOUS, CUSTOMER, MECHANIC)]
        assert [404, 404, 200] == found

    assert shop.get(OLD, MECHANIC).json["archived"] is True
    assert [("OLD", True)] == [
        (part["sku"], part["archived"])
        for part in shop.get("/inventory?archived=true", MECHANIC).json["items"]
    ]


def test_a_restored_part_is_there_for_everybody() -> None:
    """
    F4: restoring is 200 with the part and its entity tag, and takes a precondition.
    """
    shop = client_with_records()
    stale = {"If-Match": '"9-00000000"'}

    refused = shop.ask("POST", f"{OLD}/restore", None, MECHANIC, headers=stale)
    restored = shop.ask("POST", f"{OLD}/restore", None, MECHANIC)

    assert [412, 200] == [refused.status_code, restored.status_code]
    found = shop.get(OLD, ANONYMOUS)
    assert (restored.json, restored.headers["etag"]) == (found.json, found.headers["etag"])
    assert {"PAD", "RAG", "OLD"} == {
        part["sku"] for part in shop.get("/inventory", ANONYMOUS).json["items"]
    }


def test_a_taken_sku_stops_the_restoration() -> None:
    """
    F4: the SKU of an archived part is free, and whoever has it now keeps it.
    """
    shop = client_with_records()
    taken = shop.ask("POST", "/inventory", {"name": "New", "price": 1, "sku": "OLD"}, MECHANIC)

    refused = shop.ask("POST", f"{OLD}/restore", None, MECHANIC)

    assert (201, 409, "sku-taken") == (
        taken.status_code,
        refused.status_code,
        refused.json["code"],
    )


def test_conflicts_name_the_tickets() -> None:
    """
    F4, F9: part-in-use, count-below-reserved and insufficient-stock say which tickets to see.
    """
    shop = client_with_records()
    scrap = {"kind": "scrap", "quantity": 9}

    answers = [
        shop.ask("DELETE", "/inventory/1", None, MECHANIC),
        shop.ask("PATCH", "/inventory/1", {"quantity": 1}, MECHANIC),
        shop.ask("POST", "/inventory/1/movements", scrap, MECHANIC),
        shop.ask("PATCH", "/inventory/1", {"unit": "liter"}, MECHANIC),
    ]

    assert [
        (409, "part-in-use", [2]),
        (409, "count-below-reserved", [2]),
        (409, "insufficient-stock", [2]),
        (409, "unit-in-use", None),
    ] == [(one.status_code, one.json["code"], one.json.get("ticket_ids")) for one in answers]
    assert (10, 2) == (answers[0].json["on_hand"], answers[0].json["reserved"])
