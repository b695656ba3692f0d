"""Jobs, charges, discounts and prices of tickets over HTTP."""

from typing import Any

import pytest
from attrs import frozen

from mechanic_core.access import Actor
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, Client, client

TITLE = "Grinding noise when braking"
NOTHING = dict.fromkeys(
    ("parts", "labor", "charges", "supplies", "discount", "net", "tax", "total"), 0
)
TEN_PERCENT = {"percent": 10}
STATE = {"tax_class": "parts", "authority": "State", "percent": 8.25}


@frozen
class Desk:
    """A client with the ticket of one customer."""

    shop: Client
    path: str

    def ask(
        self, method: str, below: str = "", body: Any = None, actor: Actor = MECHANIC
    ) -> tuple[int, Any]:
        """Return status and body of a request about the ticket."""
        answer = self.shop.ask(method, self.path + below, body, actor)
        return answer.status_code, answer.json

    def made(self, below: str, **body: Any) -> Any:
        """Return what a POST has made; its address is below the ticket's."""
        answer = self.shop.ask("POST", self.path + below, body, MECHANIC)
        assert 201 == answer.status_code, answer.text
        assert f"{self.path}{below}/{answer.json['id']}" == answer.headers["location"]
        return answer.json

    def ticket(self) -> Any:
        """Return the ticket."""
        return self.ask("GET")[1]

    def problems(self, method: str, below: str, body: Any) -> list[tuple[str, str]]:
        """Return the problems of a request that is 422."""
        status, answer = self.ask(method, below, body)
        assert 422 == status, answer
        return [(error["pointer"], error["detail"]) for error in answer["errors"]]

    def follow(self, **rules: Any) -> None:
        """Change the rules of prices."""
        assert 200 == self.shop.ask("PATCH", "/shop", rules, MANAGER).status_code


@pytest.fixture
def desk() -> Desk:
    """A ticket without lines."""
    shop = client()
    return Desk(shop, f"/service_tickets/{shop.premises.open().id}")


def labor(desk: Desk, **given: Any) -> Any:
    """Add an hour of labour at 100.00."""
    return desk.made("/labor", **{"description": "Pads", "hours": 1, "rate": 100} | given)


def test_a_client_that_knows_nothing_of_jobs_keeps_working(desk: Desk) -> None:
    """
    The first line makes the first job; without rules nothing but members is added.
    """
    part = desk.made("/parts", part_id=1, quantity=1.5)

    assert ({"job_id": 1, "discount": None, "tax_class": "parts", "net": 29.99}, 29.99) == (
        {name: part[name] for name in ("job_id", "discount", "tax_class", "net")},
        part["amount"],
    )
    ticket = desk.ticket()
    totals = NOTHING | {"parts": 29.99, "net": 29.99, "total": 29.99}
    assert ([part], [], [], totals) == (
        *(ticket["parts"], ticket["charges"], ticket["discounts"]),
        ticket["totals"],
    )
    assert [
        {
            "id": 1,
            "title": TITLE,
            "kind": "repair",
            "status": "proposed",
            "changed_since_authorized": False,
            "comes_back_from": None,
            "totals": totals,
        }
    ] == ticket["jobs"]


def test_a_discount_is_answered_as_it_is_given(desk: Desk) -> None:
    """
    It has the one member that it has; a PATCH replaces the whole, and null takes it away.
    """
    amount = labor(desk, discount={"amount": 5})
    line = f"/labor/{amount['id']}"

    percent = desk.ask("PATCH", line, {"discount": TEN_PERCENT})[1]
    kept = desk.ask("PATCH", line, {"hours": 2})[1]
    none = desk.ask("PATCH", line, {"discount": None})[1]

    assert [({"amount": 5}, 95), (TEN_PERCENT, 90), (TEN_PERCENT, 180), (None, 200)] == [
        (one["discount"], one["net"]) for one in (amount, percent, kept, none)
    ]


@pytest.mark.parametrize(
    ("discount", "problem"),
    [
        ({}, ("#/discount/amount", "either amount or percent is required")),
        (
            {"amount": 1, "percent": 1},
            ("#/discount/amount", "either amount or percent is required"),
        ),
        ({"percent": 100.1}, ("#/discount/percent", "must be from 0 to 100")),
        ({"percent": 0.00001}, ("#/discount/percent", "must have at most 4 decimals")),
        ({"amount": -1}, ("#/discount/amount", "must be from 0 to 99999999.99")),
        (5, ("#/discount", "must be an object")),
    ],
)
def test_a_wrong_discount_is_refused(
    desk: Desk, discount: object, problem: tuple[str, str]
) -> None:
    """
    The problem is named where it is, on every kind of line, when added and when changed.
    """
    core = {"kind": "core", "description": "Core", "quantity": 1, "unit_price": 45}
    line = labor(desk)["id"]

    assert [problem] == desk.problems("POST", "/charges", core | {"discount": discount})
    assert [problem] == desk.problems("PATCH", f"/labor/{line}", {"discount": discount})
    body = {"part_id": 1, "quantity": 1, "discount": discount}
    assert [problem] == desk.problems("POST", "/parts", body)


def test_all_that_is_wrong_with_a_line_is_reported(desk: Desk) -> None:
    """
    What the form finds, and together what the ticket and the shop's rules find.
    """
    form = {"part_id": 0, "quantity": 0, "job_id": 0, "tax_class": "A B", "unknown": 1}
    unknown = {"part_id": 99, "quantity": 1, "job_id": 99, "tax_class": "vat"}

    found = [pointer for pointer, _ in desk.problems("POST", "/parts", form)]
    assert ["#/job_id", "#/part_id", "#/quantity", "#/tax_class", "#/unknown"] == sorted(found)
    found = [pointer for pointer, _ in desk.problems("POST", "/parts", unknown)]
    assert ["#/tax_class", "#/job_id", "#/part_id"] == found


def test_jobs_are_added_changed_and_removed(desk: Desk) -> None:
    """
    A line can be moved; a job with lines stays, 409, and one more than 50 is 409 too.
    """
    line = labor(desk)
    job = desk.made("/jobs", title=" Oil service ", kind="maintenance")

    assert ("Oil service", "maintenance", NOTHING) == (job["title"], job["kind"], job["totals"])
    moved = desk.ask("PATCH", f"/labor/{line['id']}", {"job_id": job["id"]})[1]
    assert job["id"] == moved["job_id"]
    assert (204, None) == desk.ask("DELETE", f"/jobs/{line['job_id']}")
    status, problem = desk.ask("DELETE", f"/jobs/{job['id']}")
    assert (409, "job-has-lines", 1) == (status, problem["code"], problem["lines"])
    status, changed = desk.ask("PATCH", f"/jobs/{job['id']}", {"kind": "warranty"})
    assert (200, "Oil service", 0, 100) == (
        *(status, changed["title"]),
        *(changed["totals"]["total"], changed["totals"]["labor"]),
    )
    assert 404 == desk.ask("PATCH", "/jobs/99", {"title": "A"})[0]
    for number in range(49):
        desk.made("/jobs", title=f"Job {number}")
    status, problem = desk.ask("POST", "/jobs", {"title": "One more"})
    assert (409, "too-many", 50) == (status, problem["code"], problem["limit"])


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/title"]),
        ({"title": " "}, ["#/title"]),
        ({"title": "A\nB"}, ["#/title"]),
        ({"title": "A" * 201}, ["#/title"]),
        ({"title": "A", "kind": "joy"}, ["#/kind"]),
        ({"title": "A", "status": "authorized"}, ["#/status"]),
        ({"title": "A", "comes_back_from": 99}, ["#/comes_back_from"]),
        (
            {"title": "A", "comes_back_from": 99, "recommendation_id": 99},
            ["#/comes_back_from", "#/recommendation_id"],
        ),
        ({"kind": "joy", "totals": {}}, ["#/title", "#/kind", "#/totals"]),
    ],
)
def test_a_wrong_job_is_refused(desk: Desk, body: Any, pointers: list[str]) -> None:
    """
    A job has a title of one line, and takes nothing that follows from its lines or its customer.
    """
    assert pointers == [pointer for pointer, _ in desk.problems("POST", "/jobs", body)]


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"kind": "part"}, ["#/kind"]),
        ({"kind": "supplies"}, ["#/kind"]),
        ({"kind": "fee", "quantity": -1}, ["#/quantity"]),
        ({"kind": "sublet", "quantity": -1}, ["#/quantity"]),
        ({"quantity": 0}, ["#/quantity"]),
        ({"quantity": -1, "discount": TEN_PERCENT}, ["#/discount"]),
        ({"unit_price": -1}, ["#/unit_price"]),
        ({"description": None, "quantity": 0.0001}, ["#/description", "#/quantity"]),
    ],
)
def test_a_wrong_charge_is_refused(
    desk: Desk, changed: dict[str, Any], pointers: list[str]
) -> None:
    """
    Only a core comes back, and nothing is taken off what does.
    """
    core = {"kind": "core", "description": "Core", "quantity": 1, "unit_price": 45}

    assert pointers == [one for one, _ in desk.problems("POST", "/charges", core | changed)]


def test_the_kind_of_a_charge_stays(desk: Desk) -> None:
    """
    A PATCH changes the rest: a core comes back, a fee does not.
    """
    core = desk.made("/charges", kind="core", description="Core", quantity=1, unit_price=45)
    fee = desk.made("/charges", kind="fee", description="Disposal", quantity=1, unit_price=3)

    status, back = desk.ask("PATCH", f"/charges/{core['id']}", {"quantity": -1})
    assert (200, -45, -45) == (status, back["amount"], back["net"])
    found = desk.problems("PATCH", f"/charges/{fee['id']}", {"quantity": -1})
    assert [("#/quantity", "must be above 0: only a core comes back")] == found
    found = desk.problems("PATCH", f"/charges/{fee['id']}", {"kind": "core"})
    assert [("#/kind", "is not a known field")] == found
    totals = desk.ticket()["totals"]
    assert (-42, -42) == (totals["charges"], totals["total"])


def test_what_a_kind_forbids_is_told_with_all_other_problems(desk: Desk) -> None:
    """
    The quantity below 0 of a fee is told beside a member that is wrong, or not known.
    """
    fee = {"kind": "fee", "description": "Towing", "quantity": -1, "unit_price": 5}
    only_cores = ("#/quantity", "must be above 0: only a core comes back")

    assert [("#/unit_price", "must have at most 2 decimals"), only_cores] == desk.problems(
        "POST", "/charges", fee | {"unit_price": 1.005, "discount": {"percent": 5}}
    )
    assert [
        ("#/vat", "is not a known field"),
        only_cores,
        ("#/discount", "must be null: the amount of the line is below 0"),
    ] == desk.problems("POST", "/charges", fee | {"vat": 1, "discount": {"percent": 5}})
    made = desk.made("/charges", **fee | {"quantity": 1})
    path = f"/charges/{made['id']}"
    wrong = {"quantity": -1, "tax_class": "tyres", "job_id": 99}
    assert ["#/tax_class", "#/job_id", "#/quantity"] == [
        pointer for pointer, _ in desk.problems("PATCH", path, wrong)
    ]


def test_discounts_of_the_ticket_are_replaced(desk: Desk) -> None:
    """
    They are answered as they are given, each with its reason.
    """
    labor(desk)
    fleet = {"scope": "all", "percent": 10, "reason": "Fleet customer"}
    coupon = {"scope": "labor", "amount": 5.5, "reason": "Coupon"}

    status, ticket = desk.ask("PUT", "/discounts", {"items": [fleet, coupon]})

    assert (200, [fleet, coupon], 15.5, 84.5) == (
        *(status, ticket["discounts"]),
        *(ticket["totals"]["discount"], ticket["totals"]["total"]),
    )
    assert 84.5 == ticket["labor"][0]["net"] == ticket["jobs"][0]["totals"]["net"]
    assert [] == desk.ask("PUT", "/discounts", {"items": []})[1]["discounts"]
    silent = {name: fleet[name] for name in ("scope", "percent")}
    twice = {"scope": "all", "amount": 200, "percent": 101, "reason": None}
    assert [
        ("#/items/0/reason", "is required"),
        ("#/items/2/percent", "must be from 0 to 100"),
        ("#/items/2/reason", "must not be null"),
    ] == desk.problems("PUT", "/discounts", {"items": [silent, fleet, twice]})
    assert [("#/items", "is required")] == desk.problems("PUT", "/discounts", {})
    assert [("#/items", "must have at most 20 items")] == desk.problems(
        "PUT", "/discounts", {"items": [fleet] * 21}
    )


def test_a_price_is_read_line_by_line(desk: Desk) -> None:
    """
    Lines are numbered parts, labour, charges, supplies; the customer reads it too.
    """
    desk.follow(tax_rates=[STATE], supplies_fee={"percent": 5, "of": ["labor"]})
    charge = desk.made("/charges", kind="fee", description="Disposal", quantity=1, unit_price=3)
    hour = labor(desk, discount=TEN_PERCENT)
    part = desk.made("/parts", part_id=1, quantity=1)

    status, price = desk.ask("GET", "/price", actor=CUSTOMER)

    assert (200, desk.ticket()["totals"]) == (status, price["totals"])
    assert [
        (1, "part", part["id"], 1, 19.99, 0, 19.99, 1.65, "parts"),
        (2, "labor", hour["id"], 1, 100, 10, 90, 0, "labor"),
        (3, "fee", charge["id"], 1, 3, 0, 3, 0, "fees"),
        (4, "supplies", None, None, 4.5, 0, 4.5, 0, "supplies"),
    ] == [
        tuple(
            line[name]
            for name in (
                *("line", "kind", "id", "job_id", "amount"),
                *("discount", "net", "tax", "tax_class"),
            )
        )
        for line in price["lines"]
    ]
    assert [STATE | {"base": 19.99, "tax": 1.65}] == price["tax"]
    assert (117.49, 1.65, 119.14) == tuple(price["totals"][n] for n in ("net", "tax", "total"))


def test_a_price_of_others_is_not_found(desk: Desk) -> None:
    """
    Nobody but staff and the customer of the ticket reads it.
    """
    assert 401 == desk.ask("GET", "/price", actor=ANONYMOUS)[0]
    assert 404 == desk.ask("GET", "/price", actor=OTHER)[0]
    assert 404 == desk.shop.ask("GET", "/service_tickets/99/price", None, MECHANIC).status_code


def test_a_finished_ticket_keeps_its_price(desk: Desk) -> None:
    """
    A change of the tax rates reaches unfinished tickets, and reopened ones.
    """
    desk.made("/parts", part_id=1, quantity=1)
    for to in ("in_progress", "completed"):
        desk.ask("POST", "/transitions", {"to": to})

    desk.follow(tax_rates=[STATE])

    assert (
        19.99 == desk.ticket()["totals"]["total"] == desk.ask("GET", "/price")[1]["totals"]["total"]
    )
    assert 21.64 == desk.ask("POST", "/transitions", {"to": "in_progress"})[1]["totals"]["total"]
    assert "rules" not in desk.ticket()


def test_an_entity_tag_changes_with_the_rules(desk: Desk) -> None:
    """
    What a client has read of a ticket is not up to date when its totals are others.
    """
    desk.made("/parts", part_id=1, quantity=1)
    before = {
        path: desk.shop.get(desk.path + path, MECHANIC).headers["etag"] for path in ("", "/price")
    }

    desk.follow(tax_rates=[STATE])

    for path, etag in before.items():
        assert 200 == desk.shop.get(desk.path + path, MECHANIC, If_None_Match=etag).status_code
        now = desk.shop.get(desk.path + path, MECHANIC).headers["etag"]
        assert 304 == desk.shop.get(desk.path + path, MECHANIC, If_None_Match=now).status_code


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("POST", "/jobs", {"title": "A"}),
        ("PATCH", "/jobs/1", {"title": "B"}),
        ("PUT", "/discounts", {"items": []}),
        ("PATCH", "/labor/1", {"discount": TEN_PERCENT}),
    ],
)
def test_a_stale_change_is_refused(desk: Desk, method: str, below: str, body: Any) -> None:
    """
    `If-Match` is the ticket's version, on jobs and discounts too.
    """
    old = desk.shop.get(desk.path, MECHANIC).headers["etag"]
    labor(desk)

    answer = desk.shop.ask(method, desk.path + below, body, MECHANIC, {"If-Match": old})

    assert (412, "ticket-changed") == (answer.status_code, answer.json["code"])
