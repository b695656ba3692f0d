"""Static files with a content-based ETag, compressed once.

Falcon's `add_static_route` has neither compression nor `Cache-Control`, and its ETag depends on the
time of installation, so that it differs between the servers behind a load balancer.
"""

import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Final, final

from attrs import define, field
from falcon import Request, Response

from mechanic_http.endpoint.gzip_encoding import MIN_SIZE, SMALLEST, compress
from mechanic_http.endpoint.response import EncodedResponse, ResponseSender

_CACHE_CONTROL: Final = "public, max-age=3600"
_OK: Final = 200


@final
@define
class StaticFile:
    """A file as a Falcon resource; *load* is called by the first request."""

    media_type: str
    load: Callable[[], bytes]
    _response: EncodedResponse | None = field(default=None, init=False)
    _send: ResponseSender = field(init=False)

    @_send.default
    def _sender(self) -> ResponseSender:
        compressible = not self.media_type.startswith("image/")
        return ResponseSender(
            media_type=self.media_type, conditional=True, compressible=compressible
        )

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the file, or 304 if the client's copy is current."""
        if self._response is None:
            self._response = self._prepare()
        self._send(req, resp, self._response)

    on_head = on_get

    def _prepare(self) -> EncodedResponse:
        content = self.load()
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()[:16]}"',
            "Cache-Control": _CACHE_CONTROL,
        }
        if len(content) < MIN_SIZE or not self._send.compressible:
            return EncodedResponse(_OK, headers, content)
        headers["Vary"] = "Accept-Encoding"
        return EncodedResponse(_OK, headers, content, compress(content, SMALLEST))


def packaged_file(name: str) -> Callable[[], bytes]:
    """Return a function that reads a file of `mechanic_http/static`."""
    return files("mechanic_http").joinpath("static", *name.split("/")).read_bytes
