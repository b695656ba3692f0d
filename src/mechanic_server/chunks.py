"""A body in chunks, read as RFC 9112 section 7.1 writes it and in no other way.

waitress' own reader takes a bare line feed after a chunk's size, blank lines before it and
anything at all as trailer: enough for a proxy in front to see another end of the request.
"""

import re
from collections.abc import Callable
from typing import Final, final

from waitress.buffers import OverflowableBuffer
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest

from mechanic_server.limits import CHUNK_LINE, HEAD

_SIZE: Final = re.compile(rb"(?P<size>[0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?")
_TRAILER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_FRAMING: Final = (b"content-length:", b"transfer-encoding:", b"host:")
_CRLF: Final = b"\r\n"


@final
class StrictChunks(ChunkedReceiver):
    """Collects the chunks of one body; trailers are checked and dropped."""

    completed: bool
    error: BadRequest | None

    def __init__(self, buf: OverflowableBuffer) -> None:
        """Collect into *buf*."""
        super().__init__(buf)
        self._held = b""
        self._at = 0
        self._left = 0
        self._trailers = 0
        self._step: Callable[[], bool] = self._size

    def received(self, s: bytes) -> int:
        """Take in *s* and return how much of it belongs to this body."""
        self._held += s
        while not self.completed and not self.error and self._step():
            pass
        self._held, self._at = self._held[self._at :], 0
        return len(s) - len(self._held) if self.completed else len(s)

    def _size(self) -> bool:
        """Read the line before a chunk; return whether another step can follow at once."""
        line = self._line(CHUNK_LINE)
        if line is None:
            return False
        if not (found := _SIZE.fullmatch(line)):
            return self._refuse("Invalid chunk size")
        self._left = int(found["size"], 16)
        self._step = self._content if self._left else self._trailer
        return True

    def _content(self) -> bool:
        """Read a chunk, as far as it has come."""
        taken = self._held[self._at : self._at + self._left]
        self.buf.append(taken)
        self._at += len(taken)
        self._left -= len(taken)
        if self._left:
            return False
        self._step = self._end
        return True

    def _end(self) -> bool:
        """Read the end of the line behind a chunk."""
        found = self._held[self._at : self._at + len(_CRLF)]
        if not _CRLF.startswith(found):
            return self._refuse("Chunk not properly terminated")
        if found != _CRLF:
            return False
        self._at += len(_CRLF)
        self._step = self._size
        return True

    def _trailer(self) -> bool:
        """Read one line behind the last chunk; a blank one ends the body."""
        line = self._line(HEAD)
        if line is None:
            return False
        self._trailers += len(line)
        self.completed = not line
        if line and (self._trailers > HEAD or not _TRAILER.fullmatch(line)):
            return self._refuse("Invalid trailer")
        if line.lower().startswith(_FRAMING):
            return self._refuse("A trailer may not tell where a request ends or goes")
        return True

    def _line(self, most: int) -> bytes | None:
        """Return the next line, or None while it is not whole."""
        end = self._held.find(_CRLF, self._at)
        line = self._held[self._at : end if end >= 0 else len(self._held)]
        if len(line) > most or b"\n" in line or b"\r" in line[:-1]:
            self._refuse("Invalid line in a chunked body")
            return None
        if end < 0:
            return None
        self._at = end + len(_CRLF)
        return line

    def _refuse(self, why: str) -> bool:
        self.error = BadRequest(why)
        return False
