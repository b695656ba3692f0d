"""Entity tags and preconditions (RFC 9110, sections 8.8.3 and 13)."""

import re
import zlib
from typing import Any, Final

from falcon import Request

from mechanic_http.endpoint.gzip_encoding import CODING
from mechanic_http.problems.refusals import (
    MalformedHeader,
    PreconditionFailed,
    PreconditionRequired,
)

ANY: Final = "*"
_ITEM: Final = re.compile(r'[ \t]*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(?:,|$)')
"""One member of a list, which may be empty (section 5.6.1): read one after the other."""

_OURS: Final = re.compile(r'"([1-9][0-9]{0,17})-[0-9a-f]{8}(?:-gzip)?"')

ANY_VERSION: Final = (None,)
NO_VERSION: Final = (-1,)
"""A version that nothing has: the core finds out whether there is something to be stale."""

MOST_TAGS: Final = 16


def etag_of(record: object, body: bytes) -> str:
    """Return the strong tag of *body*: the record's version, where it has one, and a checksum.

    One version reads differently for different roles; the checksum tells them apart.
    """
    version: Any = getattr(record, "version", None)
    checksum = f"{zlib.crc32(body):08x}"
    return f'"{checksum}"' if version is None else f'"{version}-{checksum}"'


def packed_tag(etag: str) -> str:
    """Return the strong tag of the same answer packed, which is other bytes (section 8.8.3.3)."""
    return f'{etag[:-1]}-{CODING}"'


def tags_in(name: str, header: str) -> list[str]:
    """Return the entity tags of a header, or just ``*``; raise `MalformedHeader`."""
    if header.strip() == ANY:
        return [ANY]
    found: list[str] = []
    end = 0
    while end < len(header):
        if not (item := _ITEM.match(header, end)):
            raise MalformedHeader(f"{name} must be * or a list of entity tags in quotes")
        end = item.end()
        found.extend(filter(None, item.groups()))
    if not 0 < len(found) <= MOST_TAGS:
        raise MalformedHeader(f"{name} must have from 1 to {MOST_TAGS} entity tags")
    return found


def expected_versions(req: Request, *, required: bool) -> tuple[int | None, ...]:
    """Return the versions that a write may find, any of them; None is any version at all.

    Raises `PreconditionRequired` where `If-Match` is *required* and missing.
    """
    if unless := req.env.get("HTTP_IF_NONE_MATCH"):
        if tags_in("If-None-Match", unless) != [ANY]:
            raise MalformedHeader("on a change If-None-Match can only be *")
        return NO_VERSION
    given = req.env.get("HTTP_IF_MATCH")
    if given is None:
        if required:
            raise PreconditionRequired
        return ANY_VERSION
    tags = tags_in("If-Match", given)
    if tags == [ANY]:
        return ANY_VERSION
    versions = dict.fromkeys(int(ours[1]) for tag in tags if (ours := _OURS.fullmatch(tag)))
    return tuple(versions) or NO_VERSION


def tag_in_hand(req: Request, etag: str) -> str | None:
    """Return the tag under which the client has this answer already, packed or not, if it does.

    Raises `PreconditionFailed`. `If-Match` comes first and compares strongly, `If-None-Match`
    weakly (section 13.2.2).
    """
    env = req.env
    if wanted := env.get("HTTP_IF_MATCH"):
        tags = tags_in("If-Match", wanted)
        if tags != [ANY] and not {etag, packed_tag(etag)}.intersection(tags):
            raise PreconditionFailed
    if known := env.get("HTTP_IF_NONE_MATCH"):
        tags = [tag.removeprefix("W/") for tag in tags_in("If-None-Match", known)]
        if tags == [ANY]:
            return etag
        return next((tag for tag in tags if tag in (etag, packed_tag(etag))), None)
    return None
