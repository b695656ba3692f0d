"""Files that are the same for everybody: packed where that helps, sent only when they changed."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Self, final

from attrs import define, frozen
from falcon import Request, Response

from mechanic_http.etags import is_unchanged
from mechanic_http.packing import takes_gzip

_WORTH_PACKING: Final = 1024
_AN_HOUR: Final = "public, max-age=3600"
_NOT_MODIFIED: Final = 304
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@frozen
class StaticFile:
    """Bytes to be sent, as they are or packed; each of the two has its own tag."""

    media_type: str
    plain: bytes
    packed: bytes | None
    digest: str

    @classmethod
    def of(cls, media_type: str, plain: bytes) -> Self:
        """Return *plain* with what it packs to, where that is worth it."""
        worth_it = len(plain) > _WORTH_PACKING and not media_type.startswith("image/")
        packed = gzip.compress(plain, mtime=0) if worth_it else None
        return cls(media_type, plain, packed, hashlib.sha256(plain).hexdigest()[:16])

    def answer(self, req: Request, resp: Response) -> None:
        """Send it, or tell that the client has it already."""
        packed = self.packed if takes_gzip(req.env.get("HTTP_ACCEPT_ENCODING", "")) else None
        etag = f'"{self.digest}{"-gzip" if packed else ""}"'
        resp.set_header("ETag", etag)
        resp.set_header("Cache-Control", _AN_HOUR)
        resp.append_header("Vary", "Accept-Encoding")
        if is_unchanged(req, etag):
            resp.status = _NOT_MODIFIED
            return
        resp.content_type = self.media_type
        if packed:
            resp.set_header("Content-Encoding", "gzip")
        resp.data = packed or self.plain


@final
@define
class StaticItem:
    """A file as a resource: made when it is first asked for, and kept."""

    media_type: str
    make: Callable[[], bytes]
    headers: Mapping[str, str] = _NONE
    _file: StaticFile | None = None

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the file."""
        if self._file is None:
            self._file = StaticFile.of(self.media_type, self.make())
        resp.set_headers(dict(self.headers))
        self._file.answer(req, resp)

    on_head = on_get


def packaged(name: str) -> Callable[[], bytes]:
    """Return what reads a file of `mechanic_http/static`."""
    return files("mechanic_http").joinpath("static", *name.split("/")).read_bytes
