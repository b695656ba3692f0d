"""Answers that everybody of one role gets alike, kept as they were written, entity tag and all.

Large ones are packed when they are kept, once for everybody who takes them so.

They are looked up after authorization and after everything was read: whoever may not ask is
refused as ever. What changes them is known by the nouns that they are made of.
"""

import functools
import hashlib
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, TypeAlias, final

import orjson
from attrs import frozen

from mechanic_core.inventory.use_cases import ListParts, ReadPart
from mechanic_core.mechanics.use_cases import ListMechanics, ReadLeaderboard, ReadMechanic
from mechanic_http.documents.static_files import packaged
from mechanic_http.endpoint.gzip_encoding import WORTH_PACKING, pack
from mechanic_http.endpoint.interceptor import Answer, Call, Interceptor
from mechanic_http.endpoint.operation import Operation

Recall: TypeAlias = Callable[[Hashable, Callable[[], bytes]], bytes]
"""Gives what is kept under a key, or keeps what it has made; nothing where making raises."""

Remember: TypeAlias = Callable[[str, tuple[str, ...], str], Recall]
"""Returns what keeps one kind of answer, of one form, until one of its nouns is written."""

KINDS: Final[Mapping[type[Any], tuple[str, tuple[str, ...]]]] = {
    ListMechanics: ("mechanics", ("mechanics",)),
    ListParts: ("parts", ("parts",)),
    ReadLeaderboard: ("leaderboard", ("mechanics", "tickets")),
    ReadMechanic: ("mechanic", ("mechanics",)),
    ReadPart: ("part", ("parts",)),
}
"""The use cases whose answers depend on the role alone: their kind, and what they are made of."""

_OK: Final = 200
_END_OF_HEAD: Final = b"\n"


@final
@frozen
class CachedResponses:
    """Stands around the endpoints whose answers are kept."""

    remember: Remember

    def __call__(self, operation: Operation) -> Interceptor | None:
        """Return what stands around an endpoint, if its answers are kept."""
        kind = KINDS.get(operation.use_case)
        if kind is None:
            return None
        recall = self.remember(*kind, _form())

        def around(call: Call, run: Callable[[], Answer]) -> Answer:
            return _read(recall(_key(call), lambda: _written(run())))

        return around


@functools.cache
def _form() -> str:
    """Return what stands for this release's interface.

    Where several releases run on one cache, none is given what another one has written. The
    file has the version and the shape of every answer, and `nox -s documents` keeps it fresh.
    """
    return hashlib.blake2b(packaged("swagger.yaml")(), digest_size=6).hexdigest()


def _key(call: Call) -> tuple[str | None, str, str, str]:
    """Return all that an answer depends on: links in it begin with the address as it was asked."""
    req = call.req
    return call.actor.role, req.root_path, req.path, req.query_string


def _written(answer: Answer) -> bytes:
    body = answer.body or b""
    head = orjson.dumps([answer.headers, len(body)])
    packed = pack(body) if len(body) >= WORTH_PACKING else b""
    return b"".join((head, _END_OF_HEAD, body, packed))


def _read(kept: bytes) -> Answer:
    head, _, rest = kept.partition(_END_OF_HEAD)
    headers, size = orjson.loads(head)
    return Answer(_OK, headers, rest[:size], rest[size:])
