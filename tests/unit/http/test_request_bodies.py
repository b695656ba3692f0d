"""Request bodies: malformed, too large, or not JSON."""

import contextlib
import gzip
import io
import re
from typing import Any

import pytest
from falcon import Request, testing
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import ANONYMOUS
from mechanic_http.endpoint import body as bodies
from mechanic_http.problems.refusals import BodyTooLarge, MalformedBody, MalformedHeader
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
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
        b"\xef\xbb\xbf",
        b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}',
        b' \xef\xbb\xbf{"a": 1}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 0.' + b"9" * 5000 + b"}",
        DEEP,
        b"[" * 100_000,
        b'{"a": 01}',
        b"{} {}",
    ],
)
def test_refuses_ambiguous_json(raw: bytes) -> None:
    """
    A body that parsers might read differently is 400, and nothing is changed.
    """
    shop = client()

    found = shop.ask("POST", "/inventory", raw=raw, actor=MECHANIC)

    assert (400, PROBLEM, "malformed-body") == (
        found.status_code,
        found.headers["content-type"],
        found.json["code"],
    )


def test_a_byte_order_mark_may_precede_the_body() -> None:
    """
    Friction: a body that an editor on Windows saved begins with a byte-order mark.
    """
    shop = client()
    raw = b'\xef\xbb\xbf{"name": "Oil", "price": 7}'

    first = shop.ask("POST", "/inventory", raw=raw, actor=MECHANIC)
    patched = shop.ask(
        "PATCH", first.headers["location"], raw=b'\xef\xbb\xbf{"price": 8}', actor=MECHANIC
    )

    assert (201, "Oil", 8) == (first.status_code, first.json["name"], patched.json["price"])


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp037"]
)
def test_names_the_encoding_that_is_expected(encoding: str) -> None:
    """
    Friction: a body in UTF-16, UTF-32 or another encoding is 400 and says that it must be UTF-8.
    """
    found = client().ask(
        "POST", "/inventory", raw='{"name": "Öl", "price": 7}'.encode(encoding), actor=MECHANIC
    )

    assert (400, "the body must be UTF-8, not UTF-16 or another encoding") == (
        found.status_code,
        found.json["detail"],
    )


def test_accepts_objects_with_up_to_a_thousand_members() -> None:
    """
    The members of each object are limited: a megabyte of unknown ones took 0.4 s to report.
    """
    most = ",".join(f'"m{number}": 1' for number in range(bodies.MAX_MEMBERS))

    assert bodies.MAX_MEMBERS == len(bodies.parse_json(f"{{{most}}}".encode()))
    with pytest.raises(MalformedBody, match="at most 1000 members"):
        bodies.parse_json(f'{{{most}, "one more": 1}}'.encode())


def test_accepts_bodies_nested_up_to_the_limit() -> None:
    """
    The depth of nesting is limited, not the number of brackets.
    """
    wide = b"[" + b",".join([b"{}"] * 1000) + b"]"
    deep = b"[" * bodies.MAX_DEPTH + b"]" * bodies.MAX_DEPTH

    assert 1000 == len(bodies.parse_json(wide))
    assert [] != bodies.parse_json(deep)
    with pytest.raises(MalformedBody):
        bodies.parse_json(b"[" + deep + b"]")


@given(st.binary(max_size=200))
def test_parses_or_refuses_any_bytes(raw: bytes) -> None:
    """
    Any bytes are parsed or refused; no other exception is raised.
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
def test_refuses_other_media_types(kind: str, status: int) -> None:
    """
    A body of another media type is 415.
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
def test_refuses_a_content_encoding(coding: str, status: int) -> None:
    """
    A body with a Content-Encoding is 415.
    """
    body, headers = {"name": "Oil", "price": 7}, {"Content-Encoding": coding}

    found = client().ask("POST", "/inventory", body, MECHANIC, headers)

    assert status == found.status_code


def test_names_the_unsupported_content_encoding() -> None:
    """
    A compressed body is not called malformed; the detail names the Content-Encoding.
    """
    shop, headers = client(), {"Content-Encoding": "gzip"}

    found = shop.ask("POST", "/inventory", None, MECHANIC, headers, gzip.compress(b"{}"))

    assert (415, PROBLEM, "the body must not have a Content-Encoding") == (
        found.status_code,
        found.headers["content-type"],
        found.json["detail"],
    )


@pytest.mark.parametrize("kind", [JSON, PATCH])
def test_patch_accepts_both_media_types(kind: str) -> None:
    """
    PATCH accepts application/merge-patch+json and application/json.
    """
    found = client().ask(
        "PATCH", "/inventory/1", raw=b'{"price": 1}', actor=MECHANIC, headers={"Content-Type": kind}
    )

    assert 200 == found.status_code


def test_requires_a_body() -> None:
    """
    An empty body is 400, whatever its media type.
    """
    found = client().ask("POST", "/login")

    assert (400, "a body is required") == (found.status_code, found.json["detail"])


@pytest.mark.parametrize(("raw", "status"), [(b"", 204), (b"{}", 204), (b'{"x": 1}', 422)])
def test_accepts_a_missing_optional_body(raw: bytes, status: int) -> None:
    """
    Logging out needs no refresh token.
    """
    assert status == client().ask("POST", "/logout", raw=raw, actor=CUSTOMER).status_code


NO_FORM = [
    (operation.method, re.sub(r"{\w+}", "1", route.template))
    for route in ROUTES
    for operation in route.operations.values()
    if operation.method in ("POST", "PUT") and operation.signature.body is None
]
RESTORE = "/inventory/1/restore"


@pytest.mark.parametrize(("method", "path"), NO_FORM)
@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"due_date": "2030-01-01"}', JSON, 422),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b"{garbage", JSON, 400),
        (b'{"a": 1, "a": 1}', JSON, 400),
        (b" ", JSON, 400),
        (b"{}", PATCH, 415),
        (b"{}", "text/plain", 415),
        (b"due_date=2030-01-01", "application/x-www-form-urlencoded", 415),
        (b" " * (bodies.MAX_BYTES + 1), JSON, 413),
    ],
)
def test_refuses_a_body_where_there_is_no_form(
    method: str, path: str, raw: bytes, kind: str, status: int
) -> None:
    """
    A request that has no form ignores no body: it is refused as others are.
    """
    headers = {"Content-Type": kind, "Idempotency-Key": "k"}

    found = client().ask(method, path, raw=raw, actor=MANAGER, headers=headers)

    assert (status, PROBLEM) == (found.status_code, found.headers["content-type"])


def test_names_the_members_of_a_body_where_there_is_no_form() -> None:
    """
    Each unknown member is named, and nothing is done.
    """
    shop = client()
    shop.ask("DELETE", "/inventory/2", actor=MECHANIC)

    found = shop.ask("POST", "/inventory/2/restore", {"a": 1, "b": 2}, MECHANIC)

    problems = [{"pointer": f"#/{name}", "detail": "is not a known field"} for name in "ab"]
    assert problems == found.json["errors"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", ""),
        (b"", "application/x-www-form-urlencoded"),
        (b"", JSON),
        (b"{}", JSON),
        (b"\xef\xbb\xbf { }\n", "application/json; charset=utf-8"),
    ],
)
def test_accepts_no_body_where_there_is_no_form(raw: bytes, kind: str) -> None:
    """
    `curl -X POST -d ''` has a media type and nothing of it.
    """
    found = client().ask("POST", RESTORE, raw=raw, actor=MECHANIC, headers={"Content-Type": kind})

    assert 200 == found.status_code


def test_refuses_strangers_before_their_bodies() -> None:
    """
    Where there is no form, too, a body is read once it is clear who asks.
    """
    found = [client().ask("POST", RESTORE, raw=b"{", actor=who) for who in (ANONYMOUS, CUSTOMER)]

    assert [401, 403] == [one.status_code for one in found]


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_refuses_json_that_is_not_an_object(raw: bytes) -> None:
    """
    JSON that is not an object is well-formed, but 422.
    """
    for method in ("POST /inventory", "PUT /inventory/1", "PATCH /inventory/1"):
        verb, path = method.split()
        found = client().ask(verb, path, raw=raw, actor=MECHANIC)

        assert (422, [{"pointer": "#", "detail": "must be an object"}]) == (
            found.status_code,
            found.json["errors"],
        )


def test_refuses_a_large_content_length_unread() -> None:
    """
    A Content-Length over the limit is 413, and nothing is read.
    """
    req = request(b"", CONTENT_LENGTH=str(bodies.MAX_BYTES + 1))
    req.stream = Unreadable()

    with pytest.raises(BodyTooLarge):
        bodies.read_json(req, (JSON,), required=True)


def test_reads_a_chunked_body_up_to_the_limit() -> None:
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


@pytest.mark.parametrize("kind", ["", "text/plain", JSON])
def test_a_chunked_body_may_be_empty(kind: str) -> None:
    """
    A body of unknown length that turns out empty is none, whatever its media type.
    """
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "CONTENT_TYPE": kind}

    assert (None, None) == bodies.read_json(request(b"", **chunked), (JSON,), required=False)


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "²"])
def test_refuses_an_invalid_content_length(length: str) -> None:
    """
    A Content-Length that servers might read differently is 400.
    """
    with pytest.raises(MalformedHeader):
        bodies.read_json(request(b"", CONTENT_LENGTH=length), (JSON,), required=True)


def test_refuses_a_truncated_body() -> None:
    """
    A body shorter than its Content-Length is 400.
    """
    with pytest.raises(MalformedBody):
        bodies.read_json(request(b"{}", CONTENT_LENGTH="3"), (JSON,), required=True)


class Unreadable(io.BytesIO):
    """A stream that fails when it is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail."""
        raise AssertionError("read")


def request(raw: bytes, **environ: Any) -> Request:
    """Return a request with *raw* as its body."""
    env = testing.create_environ(method="POST", body=raw, headers={"Content-Type": JSON})
    return Request(env | environ)
