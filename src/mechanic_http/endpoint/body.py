"""Request bodies: JSON, parsed strictly and read up to a size limit."""

import codecs
import functools
import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from falcon import Request

from mechanic_http.problems.refusals import (
    BodyTooLarge,
    MalformedBody,
    MalformedHeader,
    UnsupportedMediaType,
)

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_MEMBERS: Final = 1000
"""The most members of an object: each unknown one is a problem to report."""

_MAX_DIGITS: Final = 400
_CHUNK: Final = 64 * 1024
_IDENTITY: Final = ("", "identity")
_TOO_DEEP: Final = f"the body must be nested at most {MAX_DEPTH} levels deep"
_TOO_MANY_DIGITS: Final = f"numbers in the body must have at most {_MAX_DIGITS} digits"
_REQUIRED: Final = "a body is required"
_NOT_UTF_8: Final = "the body must be UTF-8, not UTF-16 or another encoding"

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"


def read_json(
    req: Request, media_types: tuple[str, ...], *, required: bool
) -> tuple[bytes | None, Any]:
    """Return the body of *req*, raw and parsed; None and None when it is empty and optional.

    Fractions are parsed as `Decimal`. Raises `MalformedBody`, `MalformedHeader`,
    `UnsupportedMediaType` and `BodyTooLarge`.
    """
    length = _content_length(req)
    raw = b"" if length == 0 else None
    if length is None and not required:
        raw = _read(req, length)  # only reading shows whether there is a body
    if raw == b"":
        if required:
            raise MalformedBody(_REQUIRED)
        return None, None
    if _media_type(req.content_type or "") not in media_types:
        raise UnsupportedMediaType(f"the Content-Type must be {' or '.join(media_types)}")
    if req.env.get("HTTP_CONTENT_ENCODING", "").lower() not in _IDENTITY:
        raise UnsupportedMediaType("the body must not have a Content-Encoding")
    if raw is None:
        raw = _read(req, length)
    return raw, parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """Return the JSON in *raw*, its fractions as `Decimal`; a byte-order mark may precede it.

    Raises `MalformedBody` for invalid JSON and where parsers disagree (RFC 8259, section 4:
    duplicate member names; NaN; nesting; very long numbers).
    """
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise MalformedBody(_NOT_UTF_8) from None
    if "\0" in text[:4]:  # UTF-16 or UTF-32 without a byte-order mark; JSON has no NUL
        raise MalformedBody(_NOT_UTF_8)
    if not text.strip(" \t\n\r"):
        raise MalformedBody(_REQUIRED)
    try:
        tree = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        position = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody(f"the body is not valid JSON: {error.msg} ({position})") from None
    except RecursionError:
        raise MalformedBody(_TOO_DEEP) from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _require_shallow(tree)
    return tree


def _content_length(req: Request) -> int | None:
    """Return the length of the body in bytes; None for a chunked body."""
    given = req.env.get("CONTENT_LENGTH")
    if given:
        if not (given.isascii() and given.isdigit()):
            raise MalformedHeader("Content-Length must be a number")
        length = int(given[:20])
        if length > MAX_BYTES:
            raise BodyTooLarge(f"the body must be at most {MAX_BYTES} bytes")
        return length
    chunked = req.env.get("wsgi.input_terminated") or "HTTP_TRANSFER_ENCODING" in req.env
    return None if chunked else 0


def _read(req: Request, length: int | None) -> bytes:
    remaining = MAX_BYTES + 1 if length is None else length
    chunks: list[bytes] = []
    while remaining and (chunk := req.stream.read(min(remaining, _CHUNK))):
        chunks.append(chunk)
        remaining -= len(chunk)
    if length is None and not remaining:
        raise BodyTooLarge(f"the body must be at most {MAX_BYTES} bytes")
    if length is not None and remaining:
        raise MalformedBody("the body is shorter than its Content-Length")
    return b"".join(chunks)


@functools.lru_cache(maxsize=64)
def _media_type(content_type: str) -> str:
    """Return the media type without parameters; "" if its charset is not UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            return ""
    return media_type


def _require_shallow(tree: Any) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH):
        members = (node.values() if type(node) is dict else node for node in level)
        level = [m for children in members for m in children if type(m) in (dict, list)]
        if not level:
            return
    raise MalformedBody(_TOO_DEEP)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(members) > MAX_MEMBERS:
        raise MalformedBody(f"an object in the body must have at most {MAX_MEMBERS} members")
    tree = dict(members)
    if len(tree) != len(members):
        counts = Counter(name for name, _ in members)
        raise MalformedBody(f"duplicate member {counts.most_common(1)[0][0][:100]!r}")
    return tree


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise MalformedBody(_TOO_MANY_DIGITS)
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) > _MAX_DIGITS:
        raise MalformedBody(_TOO_MANY_DIGITS)
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")  # an exponent out of Decimal's range: the field's rule refuses it


def _not_a_number(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not valid JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_not_a_number,
)
