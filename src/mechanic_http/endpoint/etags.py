"""Entity tags and conditional requests: `If-Match`, `If-None-Match` (RFC 9110, section 13).

Falcon's `req.if_match` is not used: it ignores what it cannot parse, so a malformed `If-Match`
would make a write unconditional.
"""

import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

from mechanic_http.endpoint.gzip_encoding import CODING
from mechanic_http.problems.refusals import (
    MalformedHeader,
    PreconditionFailed,
    PreconditionRequired,
)

ANY: Final = "*"
MAX_ETAGS: Final = 16

_LIST_MEMBER: Final = re.compile(r'[ \t]*+(?:((?:W/)?"[\x21\x23-\x7e\x80-\xff]*+")[ \t]*+)?(?:,|$)')
"""One member of a list, possibly empty (section 5.6.1). Possessive: it never backtracks."""

_VERSIONED: Final = re.compile(r'"([1-9][0-9]{0,17})-[0-9a-f]{8}(?:-gzip)?"')

ANY_VERSION: Final = (None,)
NO_VERSION: Final = (-1,)
"""Matches no record: the use case answers whether the record is missing or stale."""


def make_etag(record: object, body: bytes) -> str:
    """Return the strong entity tag of *body*: the record's version, if any, and a checksum.

    Roles see different members of one version; the checksum distinguishes these bodies.
    """
    version: Any = getattr(record, "version", None)
    checksum = f"{zlib.crc32(body):08x}"
    return f'"{checksum}"' if version is None else f'"{version}-{checksum}"'


def gzip_etag(etag: str) -> str:
    """Return the strong entity tag of the same response as gzip (section 8.8.3.3)."""
    return f'{etag[:-1]}-{CODING}"'


def parse_etags(name: str, header: str) -> list[str]:
    """Return the entity tags in header *name*, or ``["*"]``; raise `MalformedHeader`."""
    if header.strip() == ANY:
        return [ANY]
    etags: list[str] = []
    end = 0
    while end < len(header):
        if not (member := _LIST_MEMBER.match(header, end)):
            raise MalformedHeader(f"{name} must be * or a list of quoted entity tags")
        end = member.end()
        etags.extend(filter(None, member.groups()))
    if not 0 < len(etags) <= MAX_ETAGS:
        raise MalformedHeader(f"{name} must have 1 to {MAX_ETAGS} entity tags")
    return etags


def expected_versions(env: Mapping[str, Any], *, required: bool) -> tuple[int | None, ...]:
    """Return the record versions that a write may change; None means any version.

    Raises `PreconditionRequired` when `If-Match` is *required* and missing, `MalformedHeader`.
    """
    if if_none_match := env.get("HTTP_IF_NONE_MATCH"):
        if parse_etags("If-None-Match", if_none_match) != [ANY]:
            raise MalformedHeader("If-None-Match must be * on a write")
        return NO_VERSION
    if_match = env.get("HTTP_IF_MATCH")
    if if_match is None:
        if required:
            raise PreconditionRequired
        return ANY_VERSION
    etags = parse_etags("If-Match", if_match)
    if etags == [ANY]:
        return ANY_VERSION
    versions = dict.fromkeys(int(v[1]) for etag in etags if (v := _VERSIONED.fullmatch(etag)))
    return tuple(versions) or NO_VERSION


def matching_etag(env: Mapping[str, Any], etag: str) -> str | None:
    """Return the entity tag in `If-None-Match` that makes a read 304; None for none.

    `If-Match` is evaluated first and compares strongly, `If-None-Match` weakly (section 13.2.2).
    Raises `PreconditionFailed` when `If-Match` does not match, `MalformedHeader`.
    """
    both = (etag, gzip_etag(etag))
    if if_match := env.get("HTTP_IF_MATCH"):
        etags = parse_etags("If-Match", if_match)
        if etags != [ANY] and not set(both).intersection(etags):
            raise PreconditionFailed
    if if_none_match := env.get("HTTP_IF_NONE_MATCH"):
        etags = [one.removeprefix("W/") for one in parse_etags("If-None-Match", if_none_match)]
        return etag if etags == [ANY] else next((one for one in etags if one in both), None)
    return None
