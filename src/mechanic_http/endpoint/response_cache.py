"""The response cache: encoded responses that depend on the role alone, with their entity tags.

It is an interceptor, so authorization and argument errors come first. Cached responses are
invalidated by the nouns that they are made of. Large ones are cached with their gzip encoding.
Managers read past it: only they read events, and the lists from which a mirror starts must not be
older than the position that it goes on from.
"""

import functools
import hashlib
from collections.abc import Callable, Hashable, Mapping
from importlib.resources import files
from typing import Any, Final, TypeAlias, final

import orjson
from attrs import frozen

from mechanic_core.inventory.use_cases import ListParts, ReadPart
from mechanic_core.mechanics.use_cases import ListMechanics, ReadLeaderboard, ReadMechanic
from mechanic_http.endpoint.arguments import Call
from mechanic_http.endpoint.gzip_encoding import MIN_SIZE, compress
from mechanic_http.endpoint.operation import Operation
from mechanic_http.endpoint.response import EncodedResponse, Interceptor

GetOrCreate: TypeAlias = Callable[[Hashable, Callable[[], bytes]], bytes]
"""Returns the cached value of a key, or creates it and caches it; an exception is not cached."""

OpenCache: TypeAlias = Callable[[str, tuple[str, ...], str], GetOrCreate]
"""Opens the cache with a name, the nouns that invalidate it and the format of its values."""

CACHED: Final[Mapping[type[Any], tuple[str, tuple[str, ...]]]] = {
    ListMechanics: ("mechanics", ("mechanics",)),
    ListParts: ("parts", ("parts",)),
    ReadLeaderboard: ("leaderboard", ("mechanics", "tickets")),
    ReadMechanic: ("mechanic", ("mechanics",)),
    ReadPart: ("part", ("parts",)),
}
"""The use cases whose responses depend on the role alone: cache name, invalidating nouns."""

_OK: Final = 200
_END_OF_HEAD: Final = b"\n"


@final
@frozen
class CachedResponses:
    """Creates the interceptors of operations whose responses are cached."""

    open_cache: OpenCache

    def __call__(self, operation: Operation) -> Interceptor | None:
        """Return the interceptor of *operation*, if its responses are cached."""
        cached = CACHED.get(operation.use_case)
        if cached is None:
            return None
        get_or_create = self.open_cache(*cached, _format())

        def intercept(call: Call, run: Callable[[], EncodedResponse]) -> EncodedResponse:
            if call.actor.is_manager:  # a mirror would miss what the cache does not know yet
                return run()
            return _deserialize(get_or_create(_key(call), lambda: _serialize(run())))

        return intercept


@functools.cache
def _format() -> str:
    """Return a digest of this release's API, so that releases can share one Redis server."""
    document = files("mechanic_http").joinpath("static", "swagger.yaml").read_bytes()
    return hashlib.blake2b(document, digest_size=6).hexdigest()


def _key(call: Call) -> tuple[str | None, str, str, str]:
    """Return everything that a response depends on; its links begin with the path."""
    req = call.req
    return call.actor.role, req.root_path, req.path, req.query_string


def _serialize(response: EncodedResponse) -> bytes:
    body = response.body or b""
    head = orjson.dumps([response.headers, len(body)])
    gzipped = compress(body) if len(body) >= MIN_SIZE else b""
    return b"".join((head, _END_OF_HEAD, body, gzipped))


def _deserialize(value: bytes) -> EncodedResponse:
    head, _, bodies = value.partition(_END_OF_HEAD)
    headers, size = orjson.loads(head)
    return EncodedResponse(_OK, headers, bodies[:size], bodies[size:])
