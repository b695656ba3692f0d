"""Requests whose end two readers could see in two places are refused, and end the connection.

waitress 3.0.2 reads a request that has both Content-Length and Transfer-Encoding by the latter
and then runs whatever follows. A proxy in front that goes by the former has let that pass as a
body: a request that nobody checked.
"""

import re
import time
from typing import Final, final

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from mechanic_server.chunks import StrictChunks
from mechanic_server.request_head import fault_of

_BLANK_START: Final = re.compile(rb"(?:\r\n)*[ \t\x0b\x0c]")


@final
class StrictParser(HTTPRequestParser):
    """Reads one request, and takes only one view of where it ends.

    *began* is when it was first heard of. It is *unread* when the client may still be sending
    what nobody will read, and the *last* when nothing after it on the connection may run.
    """

    headers: dict[str, str]

    def __init__(self, adj: Adjustments) -> None:
        """Start reading now."""
        super().__init__(adj)
        self.began = time.monotonic()
        self.unread = False
        self.last = False
        self._fault: Error | None = None

    def received(self, data: bytes) -> int:
        """Take in *data* and return how much of it is done with: all, behind the last request."""
        if not self.headers_finished and self._has_stray(data):
            self.error = BadRequest("Bare CR, bare LF, NUL, or a blank before the request")
            self.completed = True
            consumed = len(data)
        else:
            consumed = super().received(data)
            self.error = self._fault or self.error
        if isinstance(self.error, RequestEntityTooLarge):
            self._leave_body()
        if self.completed:
            self._close_in_order()
        return len(data) if self.last else consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises `ParsingError`."""
        self._fault = fault_of(header_plus)
        if self._fault:
            raise ParsingError(self._fault.body)
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # urllib.parse, on a target such as http://[::1/
            raise ParsingError("Bad URI") from error
        if self.chunked:
            self.body_rcv = StrictChunks(OverflowableBuffer(self.adj.inbuf_overflow))

    def _has_stray(self, data: bytes) -> bool:
        """Whether the head, as far as it has come, is cut into lines in two ways."""
        held = self.header_plus + data
        end = held.find(b"\r\n\r\n")
        until = len(held) - held.endswith(b"\r") if end < 0 else end + 2
        start = len(self.header_plus) - self.header_plus.endswith(b"\r")
        lines = held.count(b"\r\n", start, until)
        stray = held.find(b"\0", start, until) >= 0 or not (
            lines == held.count(b"\r", start, until) == held.count(b"\n", start, until)
        )
        return stray or bool(_BLANK_START.match(held))

    def _leave_body(self) -> None:
        """Hand the request on without its body: the application refuses it, by its length.

        So the refusal has the form that all of the application's refusals have.
        """
        self.error = None
        self.unread = True
        self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self.body_bytes_received))
        self.headers["CONNECTION"] = "close"
        self.close()
        self.body_rcv = None

    def _close_in_order(self) -> None:
        """Tell whether the connection ends behind this request."""
        # waitress would ask for a body that is not to come, and wait for it.
        self.expect_continue = False
        self.unread = self.unread or self.error is not None
        tokens = self.headers.get("CONNECTION", "").lower().split(",")
        if "close" in (token.strip() for token in tokens):
            self.headers["CONNECTION"] = "close"
            self.last = True
        self.last = self.last or self.unread
