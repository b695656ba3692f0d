"""Answers out of what a use case returned: status, headers and JSON."""

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, Final, TypeAlias

from mechanic_core.shapes import alternatives
from mechanic_http import codec
from mechanic_http.answers import Answer, Call
from mechanic_http.etags import etag_of
from mechanic_http.promise import Promise

Encode: TypeAlias = Callable[[Call, Any], Answer]

_VARY: Final = "Authorization, Accept"
_OWN: Final = {"Cache-Control": "private, no-cache", "Vary": _VARY}
_UNKEPT: Final = {"Cache-Control": "no-store", "Vary": _VARY}
_PACKED: Final = {"Vary": f"{_VARY}, Accept-Encoding"}


def encoder_of(promise: Promise) -> Encode:
    """Return what makes an answer of what the method returned."""
    status = int(promise.status)
    headers = (_UNKEPT if promise.issues_tokens else _OWN) | deprecation_of(promise)
    headers |= _PACKED if promise.may_be_packed else {}
    if promise.signature.answer is None:
        return lambda _, __: Answer(status, headers)
    for answer in alternatives(promise.signature.answer)[0]:
        codec.must_publish(answer)
    if promise.signature.listed:
        return lambda call, found: _list(call, found, headers)
    creates, has_etag = promise.creates, promise.has_etag

    def encode(call: Call, record: Any) -> Answer:
        body = codec.encode(record)
        told = dict(headers)
        if has_etag:
            told["ETag"] = etag_of(record, body)
        if creates:
            ids = {**call.arguments, "id": getattr(record, "id", None)}
            told["Location"] = call.req.root_path + creates.format_map(ids)
        return Answer(status, told, body)

    return encode


def _list(call: Call, found: Any, headers: Mapping[str, str]) -> Answer:
    if call.listing is None:
        raise TypeError(f"{call.promise.operation} is no list")
    tree, links = call.listing.envelope(found)
    more = f", {headers['Link']}" if "Link" in headers else ""
    return Answer(200, {**headers, "Link": links + more}, codec.dumps(tree))


def deprecation_of(promise: Promise) -> dict[str, str]:
    """Return the headers that warn of an endpoint's end (RFC 9745, RFC 8594, RFC 5829)."""
    told: dict[str, str] = {}
    if deprecated := promise.deprecated:
        told["Deprecation"] = f"@{deprecated.since}"
        if deprecated.sunset is not None:
            told["Sunset"] = formatdate(deprecated.sunset, usegmt=True)
        if deprecated.successor is not None:
            told["Link"] = f'<{deprecated.successor}>; rel="successor-version"'
    return told
