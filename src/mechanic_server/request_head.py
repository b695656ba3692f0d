"""What may not stand in a request's head: RFC 9112 sections 3, 5 and 6, read strictly."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, final

from waitress.utilities import BadRequest, Error, RequestHeaderFieldsTooLarge

from mechanic_server.limits import FIELDS, LINE

_REQUEST_LINE: Final = re.compile(  # waitress takes no method with small letters
    rb"[!#$%&'*+\-.^_`|~0-9A-Z]+ "
    rb"(?:\*|/[^\x00-\x20\x7f#]*|https?://[^\x00-\x20\x7f#/?]+[^\x00-\x20\x7f#]*)"
    rb" HTTP/(?P<version>[0-9]\.[0-9])"
)
_FIELDS: Final = re.compile(
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\x00-\x08\x0a-\x1f\x7f]*+(?:\r\n(?!\Z)|\Z))*"
)
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"host")
_DISGUISED: Final = (b"content_length", b"transfer_encoding")
_HOST: Final = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


@final
class VersionNotSupported(Error):
    """What is spoken is not HTTP/1."""

    code = 505
    reason = "HTTP Version Not Supported"


def fault_of(head: bytes) -> Error | None:
    """Return the answer to a head that leaves room for doubt; None if it leaves none."""
    first, _, fields = head.rstrip(b"\r\n").partition(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if not found:
        return BadRequest("Invalid request line")
    if found["version"] not in {b"1.0", b"1.1"}:
        return VersionNotSupported("HTTP/1.1 and HTTP/1.0 are spoken here")
    if fields.count(b"\r\n") >= FIELDS or _longest(fields) > LINE:
        return RequestHeaderFieldsTooLarge(f"{FIELDS} fields of {LINE} bytes are the most")
    if not _FIELDS.fullmatch(fields):
        return BadRequest("Invalid header field")
    framing: dict[bytes, list[bytes]] = {}
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _FRAMING:
            framing.setdefault(name, []).append(value.strip(b" \t"))
        elif name in _DISGUISED:
            return BadRequest("An underscore is no hyphen, though some readers take it for one")
    said = _fault(found["version"], *(tuple(framing.get(name, ())) for name in _FRAMING))
    return BadRequest(said) if said else None


def _longest(fields: bytes) -> int:
    """Return the length of the longest field, or of all together where that is short enough."""
    return len(fields) if len(fields) <= LINE else max(map(len, fields.split(b"\r\n")))


@functools.lru_cache(maxsize=128)
def _fault(version: bytes, *framing: tuple[bytes, ...]) -> str | None:
    """Return what is wrong with the fields that frame a request: most say what others said."""
    return next(_faults(version, *framing), None)


def _faults(
    version: bytes, lengths: Sequence[bytes], encodings: Sequence[bytes], hosts: Sequence[bytes]
) -> Iterator[str]:
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
