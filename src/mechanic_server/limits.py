"""How much one client may ask of the server, and for how long."""

from typing import Final

BODY: Final = 1024 * 1024
"""The largest body that is read, in bytes; the application refuses what is larger."""

HEAD: Final = 32 * 1024
"""Request line and all header fields together, in bytes."""

LINE: Final = 8 * 1024
"""One header field, in bytes."""

FIELDS: Final = 100
"""Header fields of a request."""

CHUNK_LINE: Final = 256
"""The line before a chunk, in bytes, with whatever extension it has."""

CONNECTIONS: Final = 500
"""Open at the same time in one process; more wait in the system's queue."""

BACKLOG: Final = 256
"""ConnectionPool that wait to be accepted."""

IDLE_S: Final = 75
"""How long a connection may stay silent; longer than usual proxies keep theirs."""

MOMENT_S: Final = 0.005
"""How long a thread that nobody else needs stays for a client's next request."""

HEAD_S: Final = 15.0
"""How long a client may take to send a request's head."""

REQUEST_S: Final = 60.0
"""How long a client may take to send a whole request."""

LINGER_S: Final = 2.0
"""How long a refused client's bytes are thrown away, so that it reads the refusal."""

SWEEP_S: Final = 2
"""How often these times are looked at."""

DRAIN_S: Final = 10.0
"""How long a stop waits for requests that run."""
