"""The server's limits: sizes, counts and time-outs for one client or one process."""

from typing import Final

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

MAX_CONNECTIONS: Final = 500
"""Open connections of one process; more wait in the listen queue."""

BACKLOG: Final = 256
"""The length of the listen queue."""

KEEP_ALIVE_S: Final = 75
"""How long an idle connection stays open; proxies usually close theirs earlier."""

NEXT_REQUEST_S: Final = 0.005
"""How long an otherwise idle thread waits for the next request on its connection."""

HEAD_TIMEOUT_S: Final = 15.0
"""How long a client may take to send a request's head (slowloris)."""

REQUEST_TIMEOUT_S: Final = 60.0
"""How long a client may take to send a whole request."""

LINGER_S: Final = 2.0
"""How long input is discarded after an error response, so that the client can read it."""

SWEEP_INTERVAL_S: Final = 2
"""How often connections are checked for time-outs."""

DRAIN_TIMEOUT_S: Final = 10.0
"""How long a graceful shutdown waits for requests in progress."""
