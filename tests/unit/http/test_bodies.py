"""Bodies: what can't be parsed, what is too large, and what is no JSON."""

import contextlib
import gzip
import io
from typing import Any

import pytest
from falcon import Request, testing
from hypothesis import given
from hypothesis import strategies as st

from mechanic_http.endpoint import body as bodies
from mechanic_http.problems.refusals import BodyTooLarge, MalformedBody, MalformedHeader
from tests.shops import CUSTOMER, MECHANIC
from tests.unit.http.shop import JSON, PATCH, PROBLEM, client

DEEP = b'{"a":' * 40 + b"1" + b"}" * 40


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"  ",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": [{"c": 1, "c": 1}]}}',
        b'{"a": "\xff"}',
        b'{"a": "\x00"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 0.' + b"9" * 5000 + b"}",
        DEEP,
        b"[" * 100_000,
        b'{"a": 01}',
        b"{} {}",
    ],
)
def test_refuses_what_two_parsers_might_read_differently(raw: bytes) -> None:
    """
    What can't be parsed beyond doubt is 400, and nothing is done.
    """
    line = client()

    found = line.ask("POST", "/inventory", raw=raw, actor=MECHANIC)

    assert (400, PROBLEM, "malformed-body") == (
        found.status_code,
        found.headers["content-type"],
        found.json["code"],
    )


def test_takes_bodies_as_deep_as_the_limit() -> None:
    """
    Depth is counted, not brackets.
    """
    wide = b"[" + b",".join([b"{}"] * 1000) + b"]"
    deep = b"[" * bodies.MAX_DEPTH + b"]" * bodies.MAX_DEPTH

    assert 1000 == len(bodies.parse_json(wide))
    assert [] != bodies.parse_json(deep)
    with pytest.raises(MalformedBody):
        bodies.parse_json(b"[" + deep + b"]")


@given(st.binary(max_size=200))
def test_parses_any_bytes_or_says_why_not(raw: bytes) -> None:
    """
    Whatever is sent is parsed or refused; nothing else happens.
    """
    with contextlib.suppress(MalformedBody):
        bodies.parse_json(raw)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=UTF-8", 201),
        ('application/json;charset="utf-8"; version=1', 201),
        ("application/json; charset=latin-1", 415),
        ("application/merge-patch+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/json", 415),
        ("", 415),
    ],
)
def test_reads_json_only(kind: str, status: int) -> None:
    """
    A body of another kind is 415.
    """
    raw = b'{"name": "Oil", "price": 7}'

    found = client().ask(
        "POST", "/inventory", raw=raw, actor=MECHANIC, headers={"Content-Type": kind}
    )

    assert status == found.status_code


@pytest.mark.parametrize(
    ("coding", "status"),
    [("gzip", 415), ("GZIP", 415), ("identity, br", 415), ("x", 415), ("Identity", 201), ("", 201)],
)
def test_reads_what_is_not_coded(coding: str, status: int) -> None:
    """
    A body in a content coding is 415 rather than read as if it had none.
    """
    body, headers = {"name": "Oil", "price": 7}, {"Content-Encoding": coding}

    found = client().ask("POST", "/inventory", body, MECHANIC, headers)

    assert status == found.status_code


def test_says_that_bodies_are_not_to_be_coded() -> None:
    """
    A packed body is no malformed one, and the answer says what to do.
    """
    line, headers = client(), {"Content-Encoding": "gzip"}

    found = line.ask("POST", "/inventory", None, MECHANIC, headers, gzip.compress(b"{}"))

    assert (415, PROBLEM, "the body must not have a Content-Encoding") == (
        found.status_code,
        found.headers["content-type"],
        found.json["detail"],
    )


@pytest.mark.parametrize("kind", [JSON, PATCH])
def test_patches_with_either_kind(kind: str) -> None:
    """
    PATCH takes a merge patch by its own name and as plain JSON.
    """
    found = client().ask(
        "PATCH", "/inventory/1", raw=b'{"price": 1}', actor=MECHANIC, headers={"Content-Type": kind}
    )

    assert 200 == found.status_code


def test_needs_a_body_where_one_is_required() -> None:
    """
    An empty body is 400, before its kind is looked at.
    """
    found = client().ask("POST", "/login")

    assert (400, "a body is required") == (found.status_code, found.json["detail"])


@pytest.mark.parametrize(("raw", "status"), [(b"", 204), (b"{}", 204), (b'{"x": 1}', 422)])
def test_can_do_without_a_body_where_it_is_optional(raw: bytes, status: int) -> None:
    """
    Logging out needs no refresh token.
    """
    assert status == client().ask("POST", "/logout", raw=raw, actor=CUSTOMER).status_code


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_points_at_the_root_of_what_is_no_object(raw: bytes) -> None:
    """
    JSON that is no object is well-formed, but 422.
    """
    for method in ("POST /inventory", "PUT /inventory/1", "PATCH /inventory/1"):
        verb, path = method.split()
        found = client().ask(verb, path, raw=raw, actor=MECHANIC)

        assert (422, [{"pointer": "#", "detail": "must be an object"}]) == (
            found.status_code,
            found.json["errors"],
        )


def test_refuses_a_body_over_the_limit_unread() -> None:
    """
    A Content-Length over the limit is 413, and nothing is read.
    """
    req = request(b"", CONTENT_LENGTH=str(bodies.MAX_BYTES + 1))
    req.stream = Unreadable()

    with pytest.raises(BodyTooLarge):
        bodies.read_json(req, (JSON,), required=True)


def test_reads_a_chunked_body_no_further_than_the_limit() -> None:
    """
    Without a Content-Length reading stops one byte past the limit.
    """
    stream = io.BytesIO(b" " * (bodies.MAX_BYTES * 2))
    req = request(b"", **{"wsgi.input_terminated": True, "CONTENT_LENGTH": ""})
    req.stream = stream

    with pytest.raises(BodyTooLarge):
        bodies.read_json(req, (JSON,), required=True)
    assert bodies.MAX_BYTES + 1 == stream.tell()


def test_reads_a_chunked_body() -> None:
    """
    A body of unknown length is read to its end.
    """
    req = request(b"{}", **{"wsgi.input_terminated": True, "CONTENT_LENGTH": ""})
    req.stream = io.BytesIO(b"{}")

    assert (b"{}", {}) == bodies.read_json(req, (JSON,), required=True)


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "²"])
def test_refuses_a_length_that_is_no_number(length: str) -> None:
    """
    A Content-Length that servers might read differently is 400.
    """
    with pytest.raises(MalformedHeader):
        bodies.read_json(request(b"", CONTENT_LENGTH=length), (JSON,), required=True)


def test_refuses_a_body_that_ends_early() -> None:
    """
    A connection that breaks in the middle of a body does nothing.
    """
    with pytest.raises(MalformedBody):
        bodies.read_json(request(b"{}", CONTENT_LENGTH="3"), (JSON,), required=True)


class Unreadable(io.BytesIO):
    """A stream that nobody may read."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail."""
        raise AssertionError("read")


def request(raw: bytes, **environ: Any) -> Request:
    """Return a request with *raw* as its body."""
    env = testing.create_environ(method="POST", body=raw, headers={"Content-Type": JSON})
    return Request(env | environ)
