"""Requests as forms and editors send them: byte-order marks, parameters without a value."""

import json

import pytest
from falcon import testing

from tests.integration.apps import EVE
from tests.integration.field_reports.desk import Desk, refusal
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_named(desk: Desk, encoding: str) -> None:
    """
    Field report, friction: the 400 of another encoding says what is expected.
    """
    raw = '{"name": "Oil", "price": 7}'.encode(encoding)

    refused = send(desk, "POST", "/inventory", raw, "application/json")

    assert (400, "malformed-body") == refusal(refused)
    assert "UTF-8" in refused.json["detail"]


def test_a_parameter_without_a_value_is_not_there(desk: Desk) -> None:
    """
    Field report, friction: `?status=`, and every other empty parameter of every list, is ignored.
    """
    desk.bill_a_ticket()

    for path, names in queries():
        plain = desk.get(path, EVE)
        empty = [f"{name}=" for name in names]
        for query in ("&".join(empty), *empty, *names):
            assert plain == desk.get(f"{path}?{query}", EVE), query
