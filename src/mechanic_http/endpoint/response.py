"""Sending an answer: whole, packed, or not at all to whoever has it already."""

from typing import Final, final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.endpoint.etags import packed_tag, tag_in_hand
from mechanic_http.endpoint.gzip_encoding import CODING, WORTH_PACKING, pack, takes_gzip
from mechanic_http.endpoint.interceptor import Answer

_NOT_MODIFIED: Final = 304


@final
@frozen(kw_only=True)
class Sending:
    """How the answers of one kind are sent.

    Those that are *compared* are held against what the client has. Those that *may_be_packed*
    say in `Vary` that they depend on `Accept-Encoding`.
    """

    media_type: str
    compared: bool
    may_be_packed: bool

    def __call__(self, req: Request, resp: Response, answer: Answer) -> None:
        """Fill *resp*; raise `PreconditionFailed` where the client wants no such answer."""
        for name, value in answer.headers.items():
            resp.set_header(name, value)
        if self.compared and (tag := tag_in_hand(req, answer.headers["ETag"])):
            resp.set_header("ETag", tag)
            resp.status = _NOT_MODIFIED
            return
        resp.status = answer.status
        body = answer.body
        if body is None:
            return
        resp.content_type = self.media_type
        if len(body) >= WORTH_PACKING and self.may_be_packed and _takes_gzip(req):
            body = answer.packed or pack(body)
            resp.set_header("Content-Encoding", CODING)
            if etag := answer.headers.get("ETag"):
                resp.set_header("ETag", packed_tag(etag))
        resp.data = body


def _takes_gzip(req: Request) -> bool:
    return takes_gzip(req.env.get("HTTP_ACCEPT_ENCODING", ""))
