"""What may not stand in a request's head: RFC 9112 sections 3, 5 and 6, read strictly."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, final

from waitress.utilities import BadRequest, Error, RequestHeaderFieldsTooLarge

from mechanic_shop.serving.limits import FIELDS, LINE

_REQUEST_LINE: Final = re.compile(
    rb"[A-Z]+ (?:\*|/[^\x00-\x20\x7f#]*|https?://[^\x00-\x20\x7f#/?]+[^\x00-\x20\x7f#]*)"
    rb" HTTP/(?P<version>[0-9]\.[0-9])"
)
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_HOST: Final = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"host")


@final
class VersionNotSupported(Error):
    """What is spoken is not HTTP/1."""

    code = 505
    reason = "HTTP Version Not Supported"


def fault_of(head: bytes) -> Error | None:
    """Return the answer to a head that leaves room for doubt; None if it leaves none."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if not found:
        return BadRequest("Invalid request line")
    if found["version"] not in {b"1.0", b"1.1"}:
        return VersionNotSupported("HTTP/1.1 and HTTP/1.0 are spoken here")
    if len(lines) > FIELDS or any(len(line) > LINE for line in lines):
        return RequestHeaderFieldsTooLarge(f"{FIELDS} fields of {LINE} bytes are the most")
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            return BadRequest("Invalid header field")
        if b"_" in name and name.lower().replace(b"_", b"-") in _FRAMING:
            return BadRequest("An underscore is no hyphen, though some readers take it for one")
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    said = next(_faults(found["version"], fields), None)
    return BadRequest(said) if said else None


def _faults(version: bytes, fields: Mapping[bytes, Sequence[bytes]]) -> Iterator[str]:
    lengths, encodings, hosts = (fields.get(name, ()) for name in _FRAMING)
    if any(len(values) > 1 for values in (lengths, encodings, hosts)):
        yield "Content-Length, Transfer-Encoding and Host may be given only once"
    if lengths and encodings:
        yield "Both Content-Length and Transfer-Encoding"
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        yield "Content-Length is invalid"
    if not all(encoding.lower() == b"chunked" for encoding in encodings):
        yield "The only Transfer-Encoding understood is chunked"
    if version == b"1.0" and encodings:
        yield "HTTP/1.0 knows no Transfer-Encoding"
    if version == b"1.1" and not hosts:
        yield "Host is missing"
    if not all(_HOST.fullmatch(host) for host in hosts):
        yield "Host is invalid"
