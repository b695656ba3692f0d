"""Estimates, decisions, links and recommendations over HTTP."""

import json
from hashlib import sha256
from typing import Any

import pytest

from mechanic_core.access import Actor
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import OTHER, Client
from tests.unit.http.test_contract import ANSWERS, TOLD, client_with_records
from tests.unit.http.test_idempotent_replay import new_client

TICKET = "/service_tickets/2"
ESTIMATE = f"{TICKET}/estimates/2"
YES, NO = "authorized", "declined"


@pytest.fixture
def shop() -> Client:
    """A shop whose ticket 2 has an open estimate, number 2, of job 2."""
    return client_with_records()


def decide(
    shop: Client, answer: str = YES, actor: Actor = MECHANIC, job: int = 2, **more: Any
) -> Any:
    """Return the answer to a decision on the estimate."""
    told = TOLD if actor.is_staff else {}
    body = {"answers": [{"job_id": job, "answer": answer}], **told, **more}
    return shop.ask("POST", f"{ESTIMATE}/decisions", body, actor)


def test_an_estimate_shows_what_it_was_made_under(shop: Client) -> None:
    """
    Its profile, supplies fee with rule, tax, and totals of each job and of the whole ticket.
    """
    fee = {"percent": 10, "of": ["labor"], "cap": 35, "tax_class": "supplies"}
    shop.ask("PATCH", "/shop", {"supplies_fee": fee, "disclosures": ["No refund."]}, MANAGER)

    made = shop.ask("POST", f"{TICKET}/estimates", {"job_ids": [1]}, MECHANIC).json

    assert (fee, "supplies") == (made["supplies"]["rule"], made["supplies"]["kind"])
    assert (["No refund."], fee) == (
        made["profile"]["disclosures"],
        made["profile"]["supplies_fee"],
    )
    assert made["totals"]["total"] == made["revised_total"]
    assert made["jobs"][0]["totals"]["total"] + made["supplies"]["net"] == made["totals"]["total"]


def test_an_estimate_needs_no_body(shop: Client) -> None:
    """
    Neither does a link: all that they may say has a default.
    """
    made = shop.ask("POST", f"{TICKET}/estimates", actor=MECHANIC)
    link = shop.ask("POST", f"{TICKET}/estimates/3/links", actor=MECHANIC)

    assert (201, [1, 2]) == (made.status_code, [job["id"] for job in made.json["jobs"]])
    assert 201 == link.status_code


def test_the_etag_of_an_estimate_changes_with_its_status(shop: Client) -> None:
    """
    What was open is answered then; all else stays, the digest too.
    """
    before = shop.get(ESTIMATE, MECHANIC)
    decide(shop)
    after = shop.get(ESTIMATE, MECHANIC, If_None_Match=before.headers["ETag"])

    assert ("open", "answered") == (before.json["status"], after.json["status"])
    assert {**before.json, "status": "answered"} == after.json
    assert before.headers["ETag"] != after.headers["ETag"]


def test_a_decision_is_conditional_on_the_ticket(shop: Client) -> None:
    """
    `If-Match` has the tag of the ticket, as for everything else that is done on it.
    """
    tag = shop.get(TICKET, MECHANIC).headers["ETag"]
    answers = [
        shop.ask("POST", f"{ESTIMATE}/decisions", {**ANSWERS, **TOLD}, MECHANIC, {"If-Match": tag})
        for _ in "12"
    ]

    assert [201, 412] == [one.status_code for one in answers]


def test_a_link_is_conditional_on_the_ticket(shop: Client) -> None:
    """
    A stale `If-Match` issues no link, and so ends none.
    """
    answers = [
        shop.ask("POST", f"{ESTIMATE}/links", {}, MECHANIC, {"If-Match": tag})
        for tag in ('"1-00000000"', shop.get(TICKET, MECHANIC).headers["ETag"])
    ]

    assert [412, 201] == [one.status_code for one in answers]


def test_decisions_can_be_checked(shop: Client) -> None:
    """
    Each digest is that of its text, and the next decision has it: a few lines find a change.
    """
    decide(shop, note="Größe & <b>")
    limit = {"amount": "1000.5", "person": "Ada", "channel": "in_person"}
    shop.ask("POST", f"{TICKET}/decisions", limit, MECHANIC)

    items = shop.get(f"{TICKET}/decisions", CUSTOMER).json["items"]

    assert [None, *(one["digest"] for one in items[:-1])] == [one["previous"] for one in items]
    assert [digest_of(one) for one in items] == [one["digest"] for one in items]
    assert 3 == len(items)


def digest_of(decision: dict[str, Any]) -> str:
    """Return the digest of a decision as it was served."""
    members = {name: one for name, one in decision.items() if name not in ("id", "digest")}
    members["by"] = {name: one for name, one in decision["by"].items() if name != "name"}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("members", "status", "pointers"),
    [
        ({"contact": None}, 422, ["#/contact"]),
        ({"channel": "portal"}, 422, ["#/channel"]),
        ({"person": None, "channel": None}, 422, ["#/person", "#/channel"]),
        ({"answers": []}, 422, ["#/answers"]),
        ({"answers": [{"job_id": 1, "answer": YES}]}, 422, ["#/answers/0/job_id"]),
        ({"surprise": 1}, 422, ["#/surprise"]),
    ],
    ids=str,
)
def test_refuses_half_decisions(
    shop: Client, members: dict[str, Any], status: int, pointers: list[str]
) -> None:
    """
    Each problem is named, and nothing is decided.
    """
    refused = decide(shop, **members)

    assert status == refused.status_code
    assert pointers == [one["pointer"] for one in refused.json["errors"]]
    assert 1 == len(shop.get(f"{TICKET}/decisions", MECHANIC).json["items"])


def test_customers_give_answers_alone(shop: Client) -> None:
    """
    Who has decided, and how the shop knows, is for staff to say.
    """
    assert 403 == decide(shop, actor=CUSTOMER, person="Somebody else").status_code
    assert 404 == decide(shop, actor=OTHER).status_code
    assert "portal" == decide(shop, actor=CUSTOMER).json["channel"]


def test_a_link_is_another_each_time() -> None:
    """
    An `Idempotency-Key` is ignored: no token is stored, and the answer is not cached.
    """
    shop = new_client()
    ticket = shop.premises.open().id
    path = f"/service_tickets/{ticket}"
    shop.ask("POST", f"{path}/jobs", {"title": "Brakes"}, MECHANIC)
    shop.ask("POST", f"{path}/estimates", actor=MECHANIC)
    key = {"Idempotency-Key": "same"}

    made = [
        shop.ask("POST", f"{path}/estimates/1/links", {"expires_in_hours": hours}, MECHANIC, key)
        for hours in (72, 1)
    ]

    assert [201, 201] == [one.status_code for one in made]
    assert made[0].json["url"] != made[1].json["url"]
    assert {"no-store"} == {one.headers["Cache-Control"] for one in made}
    assert ["Idempotency-Replayed" in one.headers for one in made] == [False, False]
    assert {"url", "expires_at"} == set(made[0].json)


@pytest.mark.parametrize(
    ("before", "body", "status", "code"),
    [
        ((), {"expires_in_hours": 721}, 422, "rule-broken"),
        ((), {"send": True}, 409, "mail-off"),
        ((("decisions", {**ANSWERS, **TOLD}),), {}, 409, "estimate-answered"),
        ((("", {"job_ids": [2]}),), {}, 409, "estimate-superseded"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_only_open_estimates_get_links(
    shop: Client, before: tuple[tuple[str, Any], ...], body: Any, status: int, code: str
) -> None:
    """
    The answer says why there is none.
    """
    for below, sent in before:
        path = f"{ESTIMATE}/{below}" if below else f"{TICKET}/estimates"
        assert 201 == shop.ask("POST", path, sent, MECHANIC).status_code

    refused = shop.ask("POST", f"{ESTIMATE}/links", body, MECHANIC)

    assert (status, code) == (refused.status_code, refused.json["code"])


def test_declined_work_is_offered_again(shop: Client) -> None:
    """
    It comes to a ticket by its recommendation; declined there it is the same one.
    """
    offered = {"title": "Wipers", "recommendation_id": 1}
    job = shop.ask("POST", f"{TICKET}/jobs", offered, MECHANIC).json["id"]
    number = shop.ask("POST", f"{TICKET}/estimates", {"job_ids": [job]}, MECHANIC).json["number"]
    body = {"answers": [{"job_id": job, "answer": NO}], **TOLD}
    shop.ask("POST", f"{TICKET}/estimates/{number}/decisions", body, MECHANIC)

    items = shop.get("/recommendations?customer_id=1&status=open", MECHANIC).json["items"]

    assert [(1, 2, number)] == [(one["id"], one["times_offered"], one["estimate"]) for one in items]
    unknown = shop.ask("POST", f"{TICKET}/jobs", {**offered, "recommendation_id": 9}, MECHANIC)
    assert [422, "#/recommendation_id"] == [
        unknown.status_code,
        unknown.json["errors"][0]["pointer"],
    ]


def test_customers_see_their_own_recommendations(shop: Client) -> None:
    """
    Another's are not in the list, and by themselves not found.
    """
    lists = [
        shop.get(f"/recommendations{query}", actor).json["items"]
        for query, actor in (("", CUSTOMER), ("", OTHER), ("?customer_id=1", OTHER))
    ]

    assert [1, 0, 0] == [len(items) for items in lists]
    assert 404 == shop.get("/recommendations/1", OTHER).status_code


def test_dismissing_is_conditional(shop: Client) -> None:
    """
    `If-Match` has the tag of the recommendation; dismissing twice is no error.
    """
    tag = shop.get("/recommendations/1", MECHANIC).headers["ETag"]
    path = "/recommendations/1/dismiss"

    first, stale = (shop.ask("POST", path, actor=MECHANIC, headers={"If-Match": tag}) for _ in "12")
    again = shop.ask("POST", path, actor=MECHANIC)

    assert [200, 412, 200] == [one.status_code for one in (first, stale, again)]
    assert "recommendation-changed" == stale.json["code"]
    assert "dismissed" == again.json["status"]


def test_lists_are_paged(shop: Client) -> None:
    """
    Estimates, decisions and recommendations are lists as all others, oldest first.
    """
    first = shop.get(f"{TICKET}/estimates?per_page=1", CUSTOMER)
    cursor = first.json["next_cursor"]
    second = shop.get(f"{TICKET}/estimates?per_page=1&cursor={cursor}", CUSTOMER).json

    assert (1, True) == (first.json["items"][0]["number"], first.json["has_more"])
    assert 'rel="next"' in first.headers["Link"]
    assert (2, False) == (second["items"][0]["number"], second["has_more"])
    assert 1 == shop.get(f"{TICKET}/decisions?include_total=true", CUSTOMER).json["total"]
    assert 422 == shop.get("/recommendations?status=lost", MECHANIC).status_code


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 19])
def test_numbers_in_paths_are_positive(shop: Client, number: str) -> None:
    """
    Any other text is no address.
    """
    assert 404 == shop.get(f"{TICKET}/estimates/{number}", MECHANIC).status_code


def test_the_ceiling_shows_in_transitions(shop: Client) -> None:
    """
    A bill above it does not become complete, and the blocker says by how much.
    """
    shop.ask("PATCH", "/shop", {"authorization": "ceiling"}, MANAGER)
    limit = {"amount": "205.47", "person": "Ada", "channel": "in_person"}
    shop.ask("POST", f"{TICKET}/decisions", limit, MECHANIC)
    decide(shop)
    shop.ask("POST", f"{TICKET}/estimates", {"job_ids": [1]}, MECHANIC)
    moved = [
        shop.ask("POST", f"{TICKET}/transitions", {"to": to}, MECHANIC)
        for to in ("in_progress", "completed")
    ]

    assert [200, 409] == [one.status_code for one in moved]
    blockers = {one["code"]: one for one in moved[1].json["blockers"]}
    over = blockers["over-authorized"]
    assert (205.47, 205.48, 0.01) == (over["ceiling"], over["current"], over["excess"])


def test_a_cent_above_the_ceiling_takes_a_call() -> None:
    """
    Completing is 409 with the excess until the customer agrees by phone, to a number that is named.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"

    def post(below: str, body: Any = None) -> Any:
        return shop.ask("POST", f"{path}{below}", body, MECHANIC)

    def charge(price: str) -> Any:
        fee = {"kind": "fee", "description": "Inspection", "quantity": 1, "unit_price": price}
        return post("/charges", fee)

    shop.ask("PATCH", "/shop", {"authorization": "ceiling"}, MANAGER)
    job = charge("100.00").json["job_id"]
    answers = {"answers": [{"job_id": job, "answer": YES}]}
    post("/estimates")
    started = [post("/estimates/1/decisions", {**answers, **TOLD}), charge("0.01")]
    started.append(post("/transitions", {"to": "in_progress"}))

    refused = post("/transitions", {"to": "completed"})
    post("/estimates")
    half = post("/estimates/2/decisions", {**answers, **TOLD, "contact": None})
    still = post("/transitions", {"to": "completed"})
    agreed = post("/estimates/2/decisions", {**answers, **TOLD})
    done = post("/transitions", {"to": "completed"})

    assert [201, 201, 200] == [one.status_code for one in started]
    assert [409, 422, 409, 201, 200] == [
        one.status_code for one in (refused, half, still, agreed, done)
    ]
    (blocker,) = refused.json["blockers"]
    assert ("over-authorized", 0.01) == (blocker["code"], blocker["excess"])
    assert (100.01, "phone") == (agreed.json["authorized_total"], agreed.json["channel"])
