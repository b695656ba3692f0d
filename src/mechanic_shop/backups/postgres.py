"""Backups of PostgreSQL, by its own `pg_dump` and `pg_restore`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from mechanic_adapters.sql.engine.engines import CONNECT_S, located
from mechanic_shop.settings.database_address import failure

_BESIDE_THE_SERVER: Final = "lib/postgresql/*/bin"
_ROOTS: Final = (Path("/usr"), Path("/opt/homebrew"), Path("/usr/local"))
_WHOLE: Final = ("--no-owner", "--no-privileges")
_TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"


def write(url: str, target: Path) -> None:
    """Dump the database at *url* into *target*. Raises `ValueError`."""
    place, server = located(url), _server_of(url)
    program = _program("pg_dump", server)
    _run(place, program, "--format=custom", *_WHOLE, f"--file={target}", _dbname(place))


def read(source: Path, url: str, *, replace: bool) -> None:
    """Restore the dump in *source*, in one transaction. Raises `ValueError`."""
    place, server = located(url), _server_of(url)
    program = _program("pg_restore", server)
    if " TABLE DATA public alembic_version " not in _run(place, program, "--list", str(source)):
        raise ValueError(f"{source} holds no shop")
    is_used = _has_tables(url)
    if is_used and not replace:
        raise ValueError("the database holds tables already: --force replaces them")
    clean = ("--clean", "--if-exists") if is_used else ()
    whole = ("--single-transaction", "--exit-on-error")
    _run(place, program, *whole, *clean, *_WHOLE, _dbname(place), str(source))


def _server_of(url: str) -> int:
    """Return the major version of the server at *url*."""
    with _connected(url) as connection:
        return connection.info.server_version // 10_000


def _has_tables(url: str) -> bool:
    with _connected(url) as connection:
        return connection.execute(_TABLES).fetchone() != (0,)


@contextmanager
def _connected(url: str) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Open a connection. Raises `ValueError` for whatever fails on it."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_S) as connection:
            yield connection
    except psycopg.Error as error:
        raise ValueError(failure(url, error)) from error


def _program(name: str, server: int) -> str:
    """Return a program that is as new as the *server*; an older one refuses to work with it."""
    found = {path: _major(path) for path in _places(name)}
    fit = [path for path, major in found.items() if major >= server]
    if not fit:
        known = ", ".join(f"{path} is {major}" for path, major in found.items()) or "there is none"
        raise ValueError(f"{name} {server} or newer is needed on the PATH: {known}")
    return fit[0]


def _places(name: str) -> Iterator[str]:
    """Go through all programs of that name: on the PATH, then where servers are installed."""
    for folder in os.get_exec_path():
        if path := shutil.which(name, path=folder):
            yield path
    for root in _ROOTS:
        for folder in sorted(map(str, root.glob(_BESIDE_THE_SERVER)), reverse=True):
            if path := shutil.which(name, path=folder):
                yield path


def _major(path: str) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\) (\d+)", told.stdout)
    return int(number[1]) if number else 0


def _dbname(place: URL) -> str:
    """Return where the database is, without its password: others may see a command line."""
    address = URL.create(
        "postgresql",
        username=place.username,
        host=place.host,
        port=place.port,
        database=place.database,
        query=place.query,
    )
    return f"--dbname={address.render_as_string()}"


def _run(place: URL, *command: str) -> str:
    """Run a program to its end and return what it prints. Raises `ValueError`."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": str(CONNECT_S)}
    if place.password is not None:
        environment["PGPASSWORD"] = str(place.password)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{Path(command[0]).name}: {' '.join(done.stderr.split())}")
    return done.stdout
