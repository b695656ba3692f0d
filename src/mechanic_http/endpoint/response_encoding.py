"""Answers out of what a use case returned: status, headers and JSON."""

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, Final, TypeAlias

from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.rules import union_members
from mechanic_http.endpoint.etags import etag_of
from mechanic_http.endpoint.interceptor import Answer, Call
from mechanic_http.endpoint.operation import Operation
from mechanic_http.json import codec

Encode: TypeAlias = Callable[[Call, Any], Answer]

_VARY: Final = "Authorization, Accept"
_OWN: Final = {"Cache-Control": "private, no-cache", "Vary": _VARY}
_UNKEPT: Final = {"Cache-Control": "no-store", "Vary": _VARY}
_PACKED: Final = {"Vary": f"{_VARY}, Accept-Encoding"}


def encoder_of(operation: Operation) -> Encode:
    """Return what makes an answer of what the method returned."""
    status = int(operation.status)
    headers = (_UNKEPT if operation.issues_tokens else _OWN) | deprecation_of(operation)
    headers |= _PACKED if operation.may_be_packed else {}
    if operation.signature.answer is None:
        return lambda _, __: Answer(status, headers)
    for answer in union_members(operation.signature.answer)[0]:
        codec.must_publish(answer)
    if operation.signature.listed:
        return lambda call, found: _list(call, found, headers)
    creates, has_etag = operation.creates, operation.has_etag
    customers_of = _customers_of if operation.takes_key else _nobody

    def encode(call: Call, record: Any) -> Answer:
        body = codec.encode(record)
        told = dict(headers)
        if has_etag:
            told["ETag"] = etag_of(record, body)
        if creates:
            ids = {**call.arguments, "id": getattr(record, "id", None)}
            told["Location"] = call.req.root_path + creates.format_map(ids)
        return Answer(status, told, body, about=customers_of(record))

    return encode


def _customers_of(record: Any) -> frozenset[CustomerId]:
    """Return the customers whose personal data *record* may contain."""
    if isinstance(record, Customer):
        return frozenset({record.id})
    customer_id = getattr(record, "customer_id", None)
    return frozenset() if customer_id is None else frozenset({customer_id})


def _nobody(_: Any) -> frozenset[CustomerId]:
    return frozenset()


def _list(call: Call, found: Any, headers: Mapping[str, str]) -> Answer:
    if call.listing is None:
        raise TypeError(f"{call.operation.operation_id} is no list")
    tree, links = call.listing.envelope(found)
    more = f", {headers['Link']}" if "Link" in headers else ""
    return Answer(200, {**headers, "Link": links + more}, codec.dumps(tree))


def deprecation_of(operation: Operation) -> dict[str, str]:
    """Return the headers that warn of an endpoint's end (RFC 9745, RFC 8594, RFC 5829)."""
    told: dict[str, str] = {}
    if deprecated := operation.deprecated:
        told["Deprecation"] = f"@{deprecated.since}"
        if deprecated.sunset is not None:
            told["Sunset"] = formatdate(deprecated.sunset, usegmt=True)
        if deprecated.successor is not None:
            told["Link"] = f'<{deprecated.successor}>; rel="successor-version"'
    return told
