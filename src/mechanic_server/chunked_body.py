"""The chunked transfer coding (RFC 9112, section 7.1), read strictly.

waitress' own reader accepts a bare LF after a chunk size, blank lines before it, and anything
as a trailer section: enough for a proxy in front to see the request end elsewhere (request
smuggling).
"""

import re
from collections.abc import Callable
from typing import Final, final

from waitress.buffers import OverflowableBuffer
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest

from mechanic_server.limits import MAX_CHUNK_LINE_BYTES, MAX_FIELD_BYTES, MAX_HEAD_BYTES

_SIZE: Final = re.compile(rb"(?P<size>[0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?")
_TRAILER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_FRAMING: Final = (b"content-length:", b"transfer-encoding:", b"host:")
_CRLF: Final = b"\r\n"


@final
class StrictChunkedReceiver(ChunkedReceiver):
    """Decodes one chunked body; trailer fields are checked and discarded."""

    completed: bool
    error: BadRequest | None

    def __init__(self, buf: OverflowableBuffer) -> None:
        """Decode into *buf*."""
        super().__init__(buf)
        self._input = b""
        self._position = 0
        self._chunk_left = 0
        self._trailer_bytes = 0
        self._step: Callable[[], bool] = self._read_size

    def received(self, s: bytes) -> int:
        """Decode *s* and return how many of its bytes belong to this body."""
        self._input += s
        while not self.completed and not self.error and self._step():
            pass
        self._input, self._position = self._input[self._position :], 0
        return len(s) - len(self._input) if self.completed else len(s)

    def _read_size(self) -> bool:
        """Read a chunk-size line; return whether the next step can run at once."""
        line = self._read_line(MAX_CHUNK_LINE_BYTES)
        if line is None:
            return False
        if not (match := _SIZE.fullmatch(line)):
            return self._refuse("Invalid chunk size")
        self._chunk_left = int(match["size"], 16)
        self._step = self._read_data if self._chunk_left else self._read_trailer
        return True

    def _read_data(self) -> bool:
        """Read as much of the chunk's data as has arrived."""
        data = self._input[self._position : self._position + self._chunk_left]
        self.buf.append(data)
        self._position += len(data)
        self._chunk_left -= len(data)
        if self._chunk_left:
            return False
        self._step = self._read_crlf
        return True

    def _read_crlf(self) -> bool:
        """Read the CRLF after a chunk's data."""
        end = self._input[self._position : self._position + len(_CRLF)]
        if not _CRLF.startswith(end):
            return self._refuse("Chunk not properly terminated")
        if end != _CRLF:
            return False
        self._position += len(_CRLF)
        self._step = self._read_size
        return True

    def _read_trailer(self) -> bool:
        """Read one line of the trailer section; an empty line ends the body."""
        line = self._read_line(MAX_FIELD_BYTES)
        if line is None:
            return False
        self._trailer_bytes += len(line)
        self.completed = not line
        if line and (self._trailer_bytes > MAX_HEAD_BYTES or not _TRAILER.fullmatch(line)):
            return self._refuse("Invalid trailer field")
        if line.lower().startswith(_FRAMING):
            return self._refuse("Framing and routing fields are not allowed as trailer fields")
        return True

    def _read_line(self, most: int) -> bytes | None:
        """Return the next line without its CRLF, or None until all of it has arrived."""
        end = self._input.find(_CRLF, self._position)
        line = self._input[self._position : end if end >= 0 else len(self._input)]
        if len(line) > most or b"\n" in line or b"\r" in line[:-1]:
            self._refuse("Invalid line in a chunked body")
            return None
        if end < 0:
            return None
        self._position = end + len(_CRLF)
        return line

    def _refuse(self, reason: str) -> bool:
        self.error = BadRequest(reason)
        return False
