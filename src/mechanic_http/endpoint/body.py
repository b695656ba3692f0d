"""Bodies, read strictly and never further than the limit."""

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

MOST_BYTES: Final = 1024 * 1024
MOST_DEPTH: Final = 32
_MOST_DIGITS: Final = 400
_CHUNK: Final = 64 * 1024
_UNCODED: Final = ("", "identity")
_TOO_DEEP: Final = f"the body is nested more than {MOST_DEPTH} deep"

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"


def body_of(req: Request, media_types: tuple[str, ...], *, required: bool) -> bytes | None:
    """Return the body of *req*; None when there is none and none is *required*.

    Raises `MalformedBody`, `UnsupportedMediaType` and `BodyTooLarge`.
    """
    length = _length_of(req)
    if length == 0:
        if required:
            raise MalformedBody("a body is required")
        return None
    kind = _media_type(req.content_type or "")
    if kind not in media_types:
        raise UnsupportedMediaType(f"send {' or '.join(media_types)}")
    if req.env.get("HTTP_CONTENT_ENCODING", "").lower() not in _UNCODED:
        raise UnsupportedMediaType("send the body as it is, without a Content-Encoding")
    raw = _read(req, length)
    if not raw and not required:
        return None
    return raw


def parse(raw: bytes) -> Any:
    """Return the JSON in *raw*, its fractions as `Decimal`.

    Raises `MalformedBody` for what is no JSON, and for what two parsers might read differently.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedBody("the body is not UTF-8") from None
    if not text.strip(" \t\n\r"):
        raise MalformedBody("a body is required")
    try:
        tree = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody(f"the body is not JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise MalformedBody(_TOO_DEEP) from None
    if text.count("[") + text.count("{") > MOST_DEPTH:
        _must_be_shallow(tree)
    return tree


def _length_of(req: Request) -> int | None:
    given = req.env.get("CONTENT_LENGTH")
    if given:
        if not (given.isascii() and given.isdigit()):
            raise MalformedHeader("Content-Length is no number")
        length = int(given[:20])
        if length > MOST_BYTES:
            raise BodyTooLarge(f"send at most {MOST_BYTES} bytes")
        return length
    chunked = req.env.get("wsgi.input_terminated") or "HTTP_TRANSFER_ENCODING" in req.env
    return None if chunked else 0


def _read(req: Request, length: int | None) -> bytes:
    wanted = MOST_BYTES + 1 if length is None else length
    chunks: list[bytes] = []
    while wanted and (chunk := req.stream.read(min(wanted, _CHUNK))):
        chunks.append(chunk)
        wanted -= len(chunk)
    if length is None and not wanted:
        raise BodyTooLarge(f"send at most {MOST_BYTES} bytes")
    if length is not None and wanted:
        raise MalformedBody("the body ends before its Content-Length")
    return b"".join(chunks)


@functools.lru_cache(maxsize=64)
def _media_type(given: str) -> str:
    """Return the bare media type, or nothing where its charset is not ours."""
    kind, *parameters = (part.strip().lower() for part in given.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            return ""
    return kind


def _must_be_shallow(tree: Any) -> None:
    level = [tree]
    for _ in range(MOST_DEPTH):
        members = (node.values() if type(node) is dict else node for node in level)
        level = [m for found in members for m in found if type(m) in (dict, list)]
        if not level:
            return
    raise MalformedBody(_TOO_DEEP)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        times = Counter(name for name, _ in members)
        raise MalformedBody(f"the member {times.most_common(1)[0][0][:100]!r} is there twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise MalformedBody("the body has a number of too many digits")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) > _MOST_DIGITS:
        raise MalformedBody("the body has a number of too many digits")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")  # an exponent beyond anything: no amount, as the reader will say


def _no_number(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_no_number,
)
