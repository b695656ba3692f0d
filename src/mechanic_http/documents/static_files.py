"""Files that are the same for everybody: packed where that helps, sent only when they changed."""

import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Final, final

from attrs import define, field
from falcon import Request, Response

from mechanic_http.endpoint.gzip_encoding import MIN_SIZE, SMALLEST, compress
from mechanic_http.endpoint.response import EncodedResponse, ResponseSender

_AN_HOUR: Final = "public, max-age=3600"
_OK: Final = 200


@final
@define
class StaticItem:
    """A file as a resource: made when it is first asked for, and kept."""

    media_type: str
    make: Callable[[], bytes]
    _answer: EncodedResponse | None = field(default=None, init=False)
    _send: ResponseSender = field(init=False)

    @_send.default
    def _sending(self) -> ResponseSender:
        packs = not self.media_type.startswith("image/")
        return ResponseSender(media_type=self.media_type, conditional=True, compressible=packs)

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the file."""
        if self._answer is None:
            self._answer = self._made()
        self._send(req, resp, self._answer)

    on_head = on_get

    def _made(self) -> EncodedResponse:
        plain = self.make()
        headers = {
            "ETag": f'"{hashlib.sha256(plain).hexdigest()[:16]}"',
            "Cache-Control": _AN_HOUR,
        }
        if len(plain) < MIN_SIZE or not self._send.compressible:
            return EncodedResponse(_OK, headers, plain)
        varied = headers | {"Vary": "Accept-Encoding"}
        return EncodedResponse(_OK, varied, plain, compress(plain, SMALLEST))


def packaged(name: str) -> Callable[[], bytes]:
    """Return what reads a file of `mechanic_http/static`."""
    return files("mechanic_http").joinpath("static", *name.split("/")).read_bytes
