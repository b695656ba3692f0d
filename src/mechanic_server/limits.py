"""The server's limits: sizes, counts and time-outs for one client or one process."""

from typing import Final, final

from attrs import frozen

MAX_BODY_BYTES: Final = 1024 * 1024
"""The largest request body that is read; the application refuses a larger one with 413."""

MAX_HEAD_BYTES: Final = 32 * 1024
"""The size of the request line and all field lines together."""

MAX_FIELD_BYTES: Final = 8 * 1024
"""The size of one field line."""

MAX_FIELDS: Final = 100
"""The number of field lines in one request."""

MAX_CHUNK_LINE_BYTES: Final = 256
"""The size of a chunk-size line with its chunk extensions."""

BACKLOG: Final = 256
"""The length of the listen queue."""

MAX_OPEN_FILES: Final = 4096
"""Open files of one process: each connection may have a temporary file with waiting output."""

NEXT_REQUEST_S: Final = 0.005
"""How long an otherwise idle thread waits for the next request on its connection."""

DRAIN_TIMEOUT_S: Final = 10.0
"""How long a graceful shutdown waits for requests in progress."""


@final
@frozen(kw_only=True)
class ConnectionLimits:
    """How many connections are open, and when one is closed.

    Attributes:
        connections: Open connections of one process. When a further one comes, the connection
            that is idle longest is closed.
        per_address: Open connections of one client: an IPv4 address or an IPv6 /64 network.
        first_request_s: How long a new connection may be silent.
        head_s: How long a client may take to send a request's head (slowloris).
        request_s: How long a client may take to send a whole request.
        output_s: How long a client may leave output unread.
        keep_alive_s: How long a connection stays open after its last response; proxies usually
            close theirs earlier.
        linger_s: How long input is discarded after an error response, so that the client can
            read it.
        sweep_s: How often connections are checked for time-outs.
    """

    connections: int = 500
    per_address: int = 250
    first_request_s: float = 15.0
    head_s: float = 15.0
    request_s: float = 60.0
    output_s: float = 30.0
    keep_alive_s: float = 75.0
    linger_s: float = 2.0
    sweep_s: float = 2.0
