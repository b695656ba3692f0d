"""Streaming standbys of a PostgreSQL server."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.integration.servers import USER, PostgresServer, as_user
from tests.integration.sockets import free_port, wait_until


@contextmanager
def standby_of(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Run a standby of *primary* within the block, from a copy that is made of it now."""
    folder = Path(tempfile.mkdtemp(prefix="shop-standby-")).resolve()
    if USER is not None:
        shutil.chown(folder, USER)
    standby = PostgresServer(
        primary._programs, folder / "data", USER, primary._password, (), free_port()
    )
    try:
        _copy(primary, folder / "data")
        standby.start()
        yield standby
    finally:
        standby.kill()
        shutil.rmtree(folder)


def run_sql(server: PostgresServer, sql: str) -> object:
    """Run one statement as the administrator of *server*; return the first value, if any."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def configure(server: PostgresServer, change: str) -> None:
    """Change a setting of *server*, as in ``SET name = value`` or ``RESET name``."""
    run_sql(server, f"ALTER SYSTEM {change}")
    run_sql(server, "SELECT pg_reload_conf()")


def make_synchronous(primary: PostgresServer) -> None:
    """Let commits on *primary* wait for its standby, which must be connected."""
    configure(primary, "SET synchronous_standby_names = '*'")
    wait_until(
        lambda: run_sql(primary, "SELECT sync_state FROM pg_stat_replication") in {"sync", "quorum"}
    )


def promote(standby: PostgresServer) -> None:
    """Promote *standby*, and return when it writes."""
    assert run_sql(standby, "SELECT pg_promote()")


def pause_replay(standby: PostgresServer) -> None:
    """Let *standby* receive the log but not replay it."""
    run_sql(standby, "SELECT pg_wal_replay_pause()")
    state = "SELECT pg_get_wal_replay_pause_state()"
    wait_until(lambda: run_sql(standby, state) == "paused")


def resume_replay(standby: PostgresServer) -> None:
    """Let *standby* go on."""
    run_sql(standby, "SELECT pg_wal_replay_resume()")


def _copy(primary: PostgresServer, data: Path) -> None:
    made = subprocess.run(
        [
            *(primary._programs / "pg_basebackup", "--pgdata", data, "--write-recovery-conf"),
            *("--checkpoint=fast", "--no-sync", "--dbname", primary.url()),
        ],
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
        **as_user(USER),
    )
    assert made.returncode == 0, made.stderr
