"""Strict validation of a request's head (RFC 9112, sections 2.2, 3, 5 and 6)."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, final

from waitress.utilities import BadRequest, Error, RequestHeaderFieldsTooLarge

from mechanic_server.limits import MAX_FIELD_BYTES, MAX_FIELDS

_REQUEST_LINE: Final = re.compile(  # waitress accepts no method in lower case
    rb"[!#$%&'*+\-.^_`|~0-9A-Z]++ "
    rb"(?:\*|/[^\x00-\x20\x7f#]*+|https?://[^\x00-\x20\x7f#/?]++[^\x00-\x20\x7f#]*+)"
    rb" HTTP/(?P<version>[0-9]\.[0-9])"
)
"""Possessive, as all expressions here: a line without its end is not tried again in other ways."""

_FIELD_LINES: Final = re.compile(
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\x00-\x08\x0a-\x1f\x7f]*+(?:\r\n(?!\Z)|\Z))*"
)
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"host")
_UNDERSCORED: Final = (b"content_length", b"transfer_encoding")
_HOST: Final = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*+|\[[0-9A-Fa-f:.]++\])(?::[0-9]*+)?")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


@final
class VersionNotSupported(Error):
    """The protocol version is not HTTP/1.0 or HTTP/1.1."""

    code = 505
    reason = "HTTP Version Not Supported"


def find_error(head: bytes) -> Error | None:
    """Return the error response for a malformed or ambiguous head; None for a valid one."""
    request_line, _, fields = head.rstrip(b"\r\n").partition(b"\r\n")
    match = _REQUEST_LINE.fullmatch(request_line)
    if not match:
        return BadRequest("Invalid request line")
    if match["version"] not in {b"1.0", b"1.1"}:
        return VersionNotSupported("Only HTTP/1.1 and HTTP/1.0 are supported")
    if fields.count(b"\r\n") >= MAX_FIELDS or _longest_line(fields) > MAX_FIELD_BYTES:
        return RequestHeaderFieldsTooLarge(
            f"At most {MAX_FIELDS} header fields of {MAX_FIELD_BYTES} bytes are allowed"
        )
    if not _FIELD_LINES.fullmatch(fields):
        return BadRequest("Invalid header field")
    framing: dict[bytes, list[bytes]] = {}
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _FRAMING:
            framing.setdefault(name, []).append(value.strip(b" \t"))
        elif name in _UNDERSCORED:  # CGI-style environments map it to the hyphened name
            return BadRequest("A framing field must not be written with an underscore")
    reason = _framing_error(match["version"], *(tuple(framing.get(name, ())) for name in _FRAMING))
    return BadRequest(reason) if reason else None


def strip_values(head: bytes) -> bytes:
    """Return a valid *head* without the blanks around its field values.

    The time of waitress' own expression for a field line grows with the square of their number:
    8 KiB of blanks would take a quarter of a second. Single blanks cost nothing and stay.
    """
    if b"  " not in head and b"\t" not in head:
        return head
    request_line, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    stripped = (name + colon + value.strip(b" \t") for name, colon, value in fields)
    return b"\r\n".join((request_line, *stripped, b"", b""))


def _longest_line(fields: bytes) -> int:
    """Return the length of the longest line, or the total length where that is short enough."""
    if len(fields) <= MAX_FIELD_BYTES:
        return len(fields)
    return max(map(len, fields.split(b"\r\n")))


@functools.lru_cache(maxsize=128)
def _framing_error(version: bytes, *framing: tuple[bytes, ...]) -> str | None:
    """Return the first framing error; cached, since most requests send the same fields."""
    return next(_framing_errors(version, *framing), None)


def _framing_errors(
    version: bytes, lengths: Sequence[bytes], encodings: Sequence[bytes], hosts: Sequence[bytes]
) -> Iterator[str]:
    if any(len(values) > 1 for values in (lengths, encodings, hosts)):
        yield "Content-Length, Transfer-Encoding and Host must not be repeated"
    if lengths and encodings:
        yield "Content-Length and Transfer-Encoding must not be combined"
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        yield "Content-Length is invalid"
    if not all(encoding.lower() == b"chunked" for encoding in encodings):
        yield "The only supported Transfer-Encoding is chunked"
    if version == b"1.0" and encodings:
        yield "HTTP/1.0 has no Transfer-Encoding"
    if version == b"1.1" and not hosts:
        yield "Host is required"
    if not all(_HOST.fullmatch(host) for host in hosts):
        yield "Host is invalid"
