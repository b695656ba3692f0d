"""PgBouncer in transaction mode, in front of a PostgreSQL server."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import psutil
import psycopg

from tests.integration.servers import LOOPBACK, USER, as_user
from tests.integration.sockets import free_port, wait_until
from tests.system_programs import found_program

SERVER_CONNECTIONS: Final = 4
"""How many connections to PostgreSQL all clients share."""


@contextmanager
def pgbouncer(url: str, size: int = SERVER_CONNECTIONS, *settings: str) -> Iterator[str]:
    """Run PgBouncer before the database at *url*; yield the URL of the database behind it.

    Args:
        url: The URL of a database on this machine.
        size: How many server connections all clients share.
        settings: Further lines of its file, which come after these.
    """
    place = urlsplit(url)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shop-pgbouncer-") as name:
        folder = Path(name)
        file = _write_files(folder, place, port, size, settings)
        with (folder / "log").open("wb") as log:
            process = psutil.Popen(
                [found_program("pgbouncer"), file],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_user(USER),
            )
        try:
            pooled = place._replace(netloc=f"{place.netloc.rpartition('@')[0]}@{LOOPBACK}:{port}")
            wait_until(lambda: _answers(pooled.geturl(), process, folder / "log"))
            yield pooled.geturl()
        finally:
            process.kill()
            process.wait()


def _write_files(
    folder: Path, place: SplitResult, port: int, size: int, settings: tuple[str, ...]
) -> Path:
    """Write PgBouncer's files, which its user may read."""
    users = folder / "users"
    users.write_text(f'"{place.username}" "{place.password}"\n')
    file = folder / "pgbouncer.ini"
    lines = (
        "[databases]",
        f"* = host={LOOPBACK} port={place.port}",
        "[pgbouncer]",
        f"listen_addr = {LOOPBACK}",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = scram-sha-256",
        f"auth_file = {users}",
        "pool_mode = transaction",
        f"default_pool_size = {size}",
        "max_client_conn = 200",
        "ignore_startup_parameters = extra_float_digits, options",
        *settings,
    )
    file.write_text("\n".join((*lines, "")))
    for path in (folder, users, file):
        path.chmod(0o755 if path == folder else 0o644)
    return file


def _answers(url: str, process: psutil.Popen, log: Path) -> bool:
    """Return whether a client can connect. Raises `RuntimeError` when PgBouncer has ended."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        if process.poll() is not None:
            raise RuntimeError(log.read_text()) from None
        return False
    return True
