"""Problem documents: every error, whatever raised it, has one format."""

import logging
from decimal import Decimal
from typing import Any

import pytest
from falcon import HTTPBadRequest, HTTPServiceUnavailable, Request, Response

from mechanic_core.errors import Conflict, LostRace, Unavailable
from mechanic_core.tickets.workflow import Status
from mechanic_http.app import HttpPorts, create_app
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import Premises
from tests.unit.http.shop import ANONYMOUS, PROBLEM, SETTINGS, Client, client, read_token

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


class Broken:
    """A resource that raises a given exception."""

    def __init__(self, failure: Exception) -> None:
        """Fail with *failure*."""
        self._failure = failure

    def on_get(self, _: Request, __: Response) -> None:
        """Fail."""
        raise self._failure


def broken(failure: Exception) -> Client:
    """Return a client of a shop with a broken route."""
    premises = Premises()
    ports = HttpPorts(authenticate=read_token)
    app = create_app(premises.shop, ports, SETTINGS, [("/broken", Broken(failure))])
    return Client(premises, app)


@pytest.mark.parametrize(
    ("method", "path", "actor", "body", "status", "code"),
    [
        ("GET", "/nowhere", ANONYMOUS, None, 404, "not-found"),
        ("GET", "/customers/99", MECHANIC, None, 404, "customer-not-found"),
        ("GET", "/customers/2", CUSTOMER, None, 404, "customer-not-found"),
        ("DELETE", "/login", ANONYMOUS, None, 405, "method-not-allowed"),
        ("GET", "/customers", ANONYMOUS, None, 401, "login-needed"),
        ("GET", "/customers", CUSTOMER, None, 403, "role-forbids"),
        ("POST", "/customers", ANONYMOUS, {}, 422, "rule-broken"),
        ("DELETE", "/service_tickets/1", MANAGER, None, 409, "ticket-started"),
        ("POST", "/inventory", MECHANIC, {"name": "n", "price": 1, "sku": "PAD"}, 409, "sku-taken"),
        (
            "PUT",
            "/me/password",
            CUSTOMER,
            {"current_password": "x", "new_password": "long enough"},
            403,
            "wrong-password",
        ),
        (
            "POST",
            "/login",
            ANONYMOUS,
            {"email": "a@b.example", "password": "x"},
            401,
            "wrong-credentials",
        ),
        ("POST", "/token/refresh", ANONYMOUS, {"refresh_token": "x"}, 401, "token-refused"),
        ("PUT", "/service_tickets/1/edit", MECHANIC, {"add_ids": [99]}, 422, "unknown"),
        (
            "POST",
            "/service_tickets/1/parts",
            MECHANIC,
            {"part_id": 1, "quantity": 99},
            409,
            "insufficient-stock",
        ),
        (
            "POST",
            "/service_tickets/1/transitions",
            MECHANIC,
            {"to": "open"},
            409,
            "transition-blocked",
        ),
    ],
)
def test_every_error_has_one_format(  # noqa: PLR0913 - a row of the table
    method: str, path: str, actor: Any, body: Any, status: int, code: str
) -> None:
    """
    Every error has the same members and the media type of problems.
    """
    shop = client()
    shop.premises.go(shop.premises.open(), Status.IN_PROGRESS)

    found = shop.ask(method, path, body, actor, {"X-Request-ID": "mine"})

    assert (status, PROBLEM) == (found.status_code, found.headers["content-type"])
    assert set(found.json) >= MEMBERS
    assert {
        "type": f"/problems/{code}",
        "status": status,
        "instance": path,
        "code": code,
        "request_id": "mine",
    }.items() <= found.json.items()
    assert "no-store" == found.headers["cache-control"]


def test_has_the_facts_of_a_refusal() -> None:
    """
    The facts of a refusal are members of the document, amounts exactly.
    """
    shop = client()
    ticket = shop.premises.open()
    wanted = {"part_id": 1, "quantity": 10.001}

    short = shop.ask("POST", f"/service_tickets/{ticket.id}/parts", wanted, MECHANIC).json
    blocked = shop.ask("POST", "/service_tickets/1/transitions", {"to": "closed"}, MECHANIC).json

    assert (10, 1) == (short["available"], short["part_id"])
    assert "open" == blocked["current_state"]
    assert ["no-such-transition"] == [blocker["code"] for blocker in blocked["blockers"]]


def test_a_fact_never_replaces_a_standard_member() -> None:
    """
    The facts of a refusal do not replace the members of RFC 9457.
    """
    found = broken(Conflict("no", status="odd", type="odd", left=Decimal("1.50"))).get("/broken")

    assert (409, "/problems/conflict", 1.5) == (
        found.json["status"],
        found.json["type"],
        found.json["left"],
    )
    assert '"left":1.50' in found.text


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, "Bearer"),
        ("Bearer nonsense", 'Bearer error="invalid_token"'),
        ("Bearer", 'Bearer error="invalid_token"'),
        ("Basic YTpi", 'Bearer error="invalid_token"'),
        ("Bearer a b", 'Bearer error="invalid_token"'),
        ("", 'Bearer error="invalid_token"'),
    ],
)
def test_challenges_the_unauthenticated(header: str | None, challenge: str) -> None:
    """
    A 401 has a challenge, with an error if a token was refused.
    """
    headers = {} if header is None else {"Authorization": header}

    found = client().ask("GET", "/me", headers=headers)

    assert (401, challenge) == (found.status_code, found.headers["www-authenticate"])


@pytest.mark.parametrize("path", ["/inventory", "/mechanics/leaderboard", "/mechanics/2"])
def test_refuses_an_invalid_token_on_public_routes(path: str) -> None:
    """
    An invalid token is 401 on public routes as well.
    """
    found = client().ask("GET", path, headers={"Authorization": "Bearer bad"})

    assert (401, "token-refused") == (found.status_code, found.json["code"])


def test_authorizes_before_reading_the_body() -> None:
    """
    The problems of a body are not revealed to those who may not send it.
    """
    assert [401, 403, 400] == [
        client().ask("POST", "/inventory", raw=b"{", actor=actor).status_code
        for actor in (ANONYMOUS, CUSTOMER, MECHANIC)
    ]


@pytest.mark.parametrize(("failure", "seconds"), [(Unavailable(), "5"), (LostRace(), "1")])
def test_unavailable_has_retry_after(failure: Exception, seconds: str) -> None:
    """
    When a store is unavailable, the response is 503 with Retry-After.
    """
    found = broken(failure).get("/broken")

    assert (503, seconds) == (found.status_code, found.headers["retry-after"])


def test_keeps_the_headers_of_falcon() -> None:
    """
    The headers of Falcon's own errors are sent.
    """
    found = broken(HTTPServiceUnavailable(retry_after=7)).get("/broken")

    assert (503, "7", "service-unavailable") == (
        found.status_code,
        found.headers["retry-after"],
        found.json["code"],
    )


def test_hides_the_texts_of_falcon() -> None:
    """
    The title and description of Falcon's errors are not sent.
    """
    assert "secret" not in broken(HTTPBadRequest(description="secret")).get("/broken").text


def test_hides_and_logs_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    """
    An unexpected exception is 500 with a request id; only the log has more.
    """
    with caplog.at_level(logging.ERROR, logger="mechanic_http"):
        found = broken(RuntimeError("SELECT secret")).ask(
            "GET", "/broken", headers={"X-Request-ID": "find-me"}
        )

    assert (500, "internal-server-error", "find-me") == (
        found.status_code,
        found.json["code"],
        found.json["request_id"],
    )
    assert "secret" not in found.text
    (record,) = caplog.records
    assert "find-me" in record.getMessage()
    assert record.exc_info


def test_limits_the_reported_problems() -> None:
    """
    A body with a thousand mistakes gets a response of limited size.
    """
    body = {f"unknown{number}": 1 for number in range(1000)}

    found = client().ask("POST", "/inventory", body, MECHANIC)

    assert 100 == len(found.json["errors"])
    assert found.json["detail"].endswith("and 997 more")


def test_refuses_a_client_that_does_not_accept_json() -> None:
    """
    A client that accepts no JSON gets 406, after authorization.
    """
    shop = client()

    assert [200, 200, 200, 406, 406] == [
        shop.get("/inventory", Accept=accept).status_code
        for accept in ("*/*", "text/html, application/*;q=0.1", "nonsense", "text/html", "*/*;q=0")
    ]
    assert 401 == shop.get("/customers", Accept="text/html").status_code


def test_a_very_long_accept_counts_as_missing() -> None:
    """
    Up to 1,024 characters of `Accept` are read: more would take a long time to parse.
    """
    refused = "text/html;level=" + "1" * 1008

    assert [406, 200] == [
        client().get("/inventory", Accept=accept).status_code for accept in (refused, f"{refused}1")
    ]
