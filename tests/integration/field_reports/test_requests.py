"""Requests as forms and editors send them: byte-order marks, parameters without a value."""

import json
from typing import Any

import pytest
from falcon import testing

from tests.integration.apps import EVE
from tests.integration.field_reports.desk import Desk
from tests.integration.field_reports.documented import queries
from tests.integration.servers import LOOPBACK

MARK = b"\xef\xbb\xbf"


def send(desk: Desk, method: str, path: str, raw: bytes, kind: str) -> testing.Result:
    """Return the response to a body of bytes."""
    headers = {"Authorization": f"Bearer {desk.token(EVE)}", "Content-Type": kind}
    return testing.simulate_request(
        desk.client.application,
        method,
        path,
        body=raw,
        headers=headers,
        extras={"REMOTE_ADDR": LOOPBACK},
    )


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_a_body_may_begin_with_a_byte_order_mark(desk: Desk, kind: str) -> None:
    """
    Field report, friction: JSON with a byte-order mark is taken by POST, PUT and PATCH.
    """
    body = {"name": "Öl", "price": 7}
    raw = MARK + json.dumps(body, ensure_ascii=False).encode()

    made = send(desk, "POST", "/inventory", raw, kind)
    path = made.headers["Location"]
    others = [send(desk, method, path, raw, kind) for method in ("PUT", "PATCH")]

    assert (201, "Öl") == (made.status_code, made.json["name"])
    assert [200, 200] == [one.status_code for one in others]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig twice"])
def test_other_encodings_are_named(desk: Desk, encoding: str) -> None:
    """
    Field report, friction: the 400 of another encoding says what is expected.
    """
    text = '{"name": "Oil", "price": 7}'
    raw = MARK * 2 + text.encode() if "twice" in encoding else text.encode(encoding)

    refused = send(desk, "POST", "/inventory", raw, "application/json")

    assert (400, "malformed-body") == (refused.status_code, refused.json["code"])
    if "twice" not in encoding:
        assert "UTF-8" in refused.json["detail"]


def test_a_parameter_without_a_value_is_not_there(desk: Desk) -> None:
    """
    Field report, friction: `?status=`, and every other empty parameter of every list, is ignored.
    """
    desk.ticket(vin="1HGCM82633A004352")
    for path, names in queries():
        plain = answer(desk, path)
        for query in ("&".join(f"{name}=" for name in names), *names, *(f"{n}=" for n in names)):
            assert plain == answer(desk, f"{path}?{query}"), query


def answer(desk: Desk, path: str) -> tuple[int, Any]:
    """Return what a GET answers, without what differs from one request to the next."""
    response = desk.ask("GET", path, by=EVE)
    assert 200 == response.status_code, path
    return response.status_code, response.json
