"""A request parser against request smuggling: ambiguous framing is refused.

waitress 3.0.2 reads a request with both Content-Length and Transfer-Encoding by the latter and
then runs whatever follows on the connection. A proxy in front that reads Content-Length has
passed those bytes on as a body, so a smuggled request would run unchecked.
"""

import re
import time
from typing import Final, final

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from mechanic_server.chunked_body import StrictChunkedReceiver
from mechanic_server.request_head import find_error, strip_values

_LEADING_BLANK: Final = re.compile(rb"(?:\r\n)*+[ \t\x0b\x0c]|(?:\r\n){9}")
"""A blank line or a few before a request are ignored (RFC 9112, section 2.2): each costs a parser."""


@final
class StrictParser(HTTPRequestParser):
    """Parses one request.

    Attributes:
        began: When its first byte arrived, by the monotonic clock.
        unread: Whether the client may still send bytes that will not be read.
        last: Whether the connection ends after it; pipelined input behind it is dropped.
    """

    headers: dict[str, str]

    def __init__(self, adj: Adjustments) -> None:
        """Start the request's clock."""
        super().__init__(adj)
        self.began = time.monotonic()
        self.unread = False
        self.last = False
        self._head_error: Error | None = None

    def received(self, data: bytes) -> int:
        """Parse *data* and return how many bytes are consumed: all, if the request is the last."""
        if not self.headers_finished and self._has_stray_bytes(data):
            self.error = BadRequest("Bare CR, bare LF, NUL, or a blank before the request")
            self.completed = True
            consumed = len(data)
        else:
            consumed = super().received(data)
            self.error = self._head_error or self.error
        if isinstance(self.error, RequestEntityTooLarge):
            self._drop_body()
        if self.completed:
            self._decide_connection()
        return len(data) if self.last else consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head. Raises `ParsingError`."""
        self._head_error = find_error(header_plus)
        if self._head_error:
            raise ParsingError(self._head_error.body)
        try:
            super().parse_header(strip_values(header_plus))
        except ValueError as error:  # urllib.parse, on a target such as http://[::1/
            raise ParsingError("Bad URI") from error
        if self.chunked:
            self.body_rcv = StrictChunkedReceiver(OverflowableBuffer(self.adj.inbuf_overflow))

    def _has_stray_bytes(self, data: bytes) -> bool:
        """Return whether the head so far has a NUL, or a CR or LF that is not part of a CRLF."""
        head = self.header_plus + data
        end = head.find(b"\r\n\r\n", max(0, len(self.header_plus) - 3))
        until = len(head) - head.endswith(b"\r") if end < 0 else end + 2
        start = len(self.header_plus) - self.header_plus.endswith(b"\r")
        lines = head.count(b"\r\n", start, until)
        stray = head.find(b"\0", start, until) >= 0 or not (
            lines == head.count(b"\r", start, until) == head.count(b"\n", start, until)
        )
        return stray or bool(_LEADING_BLANK.match(head))

    def _drop_body(self) -> None:
        """Pass the request on without its body: the application refuses it by its length.

        The 413 response is then a problem document like every other error.
        """
        self.error = None
        self.unread = True
        self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self.body_bytes_received))
        self.headers["CONNECTION"] = "close"
        self.close()
        self.body_rcv = None

    def _decide_connection(self) -> None:
        """Set whether the connection ends after this request."""
        # waitress would send 100 Continue and wait for a body that will not be read.
        self.expect_continue = False
        self.unread = self.unread or self.error is not None
        tokens = self.headers.get("CONNECTION", "").lower().split(",")
        if "close" in (token.strip() for token in tokens):
            self.headers["CONNECTION"] = "close"
            self.last = True
        self.last = self.last or self.unread
