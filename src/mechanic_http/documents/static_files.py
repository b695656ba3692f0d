"""Static files with a content-based ETag, compressed once.

Falcon's `add_static_route` has neither compression nor `Cache-Control`, and its ETag depends on the
time of installation, so that it differs between the servers behind a load balancer.
"""

import functools
import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Final, final

from attrs import define, field
from falcon import Request, Response

from mechanic_http.endpoint.gzip_encoding import MIN_SIZE, SMALLEST, compress
from mechanic_http.endpoint.response import EncodedResponse, ResponseSender

_CACHE_CONTROL: Final = "public, max-age=3600"
_REVALIDATE: Final = "no-cache"
_OK: Final = 200
_PREFIXES: Final = 8
"""How many prefixes a file is prepared for at the same time."""


@final
@define
class StaticFile:
    """A file as a Falcon resource; *load* is called by the first request.

    *root* is the text in the file that stands for the address ``/``. It is replaced by the public
    prefix, so that a shared cache must ask again: its copy may have another prefix.
    """

    media_type: str
    load: Callable[[], bytes]
    root: bytes = b""
    _response: Callable[[str], EncodedResponse] = field(init=False)
    _send: ResponseSender = field(init=False)

    @_send.default
    def _sender(self) -> ResponseSender:
        compressible = not self.media_type.startswith("image/")
        return ResponseSender(
            media_type=self.media_type, conditional=True, compressible=compressible
        )

    @_response.default
    def _prepared(self) -> Callable[[str], EncodedResponse]:
        return functools.lru_cache(_PREFIXES)(self._prepare)

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the file, or 304 if the client's copy is current."""
        self._send(req, resp, self._response(req.root_path if self.root else ""))

    on_head = on_get

    def _prepare(self, prefix: str) -> EncodedResponse:
        content = self.load()
        if prefix:
            own = self.root.replace(b"/", prefix.encode())
            content = content.replace(self.root, own, 1)
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()[:16]}"',
            "Cache-Control": _REVALIDATE if self.root else _CACHE_CONTROL,
        }
        if len(content) < MIN_SIZE or not self._send.compressible:
            return EncodedResponse(_OK, headers, content)
        headers["Vary"] = "Accept-Encoding"
        return EncodedResponse(_OK, headers, content, compress(content, SMALLEST))


def packaged_file(name: str) -> Callable[[], bytes]:
    """Return a function that reads a file of `mechanic_http/static`."""
    return files("mechanic_http").joinpath("static", *name.split("/")).read_bytes
