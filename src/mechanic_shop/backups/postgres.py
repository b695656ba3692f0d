"""Backups of PostgreSQL with `pg_dump` and `pg_restore`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from mechanic_adapters.sql.engine.engines import CONNECT_TIMEOUT_S, database_url, schema_name
from mechanic_adapters.sql.engine.postgres.durability import COMMIT_SYNCHRONOUSLY
from mechanic_adapters.sql.migrations.version import VERSION_TABLES, is_ours
from mechanic_adapters.sql.schema.accounts import sessions
from mechanic_shop.backups import epoch
from mechanic_shop.settings.database_url import describe_failure
from mechanic_shop.settings.url_passwords import is_secret_parameter

_SERVER_PROGRAMS: Final = "lib/postgresql/*/bin"
_ROOTS: Final = (Path("/usr"), Path("/opt/homebrew"), Path("/usr/local"))
_PORTABLE: Final = ("--no-owner", "--no-privileges")
_TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"

_SEQUENCES: Final = """
    SELECT sequencename::text, last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND last_value IS NOT NULL
"""
_RAISE: Final = """
    SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %(last)s) FROM pg_sequences
    WHERE schemaname = current_schema() AND sequencename = %(sequence)s
"""
_HAS_SCHEMA: Final = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %(name)s)"
_HAS_TABLE: Final = "SELECT to_regclass(%(table)s) IS NOT NULL"
_POSITION: Final = "SELECT last FROM event_positions"
_NO_EVENTS: Final = "DELETE FROM events"
_SKIP: Final = "UPDATE event_positions SET last = greatest(last, %(last)s) + %(skipped)s"
_EPOCH: Final = "INSERT INTO epochs (id, value) VALUES (1, %(value)s)"
_SERVICE: Final = "mechanic_shop"
"""The section of the service file that passes secrets to the programs."""


def write(url: str, target: Path) -> None:
    """Dump the database at *url* into *target*. Raises `ValueError`, also if it has no shop."""
    place = database_url(url)
    _require_schema(url)
    program = _find_program("pg_dump", _server_version(url))
    schema = schema_name(place)
    only = (f'--schema="{schema}"',) if schema else ()  # the others are another application's
    _run(place, program, "--format=custom", *_PORTABLE, *only, f"--file={target}", _dbname(place))


def _require_schema(url: str) -> None:
    """Raise `ValueError` unless the database has a schema of the shop."""
    with _connect(url) as connection:
        for table in VERSION_TABLES:
            if not _has(connection, table):
                continue
            found = connection.execute(f"SELECT version_num FROM {table}").fetchall()  # noqa: S608 - our own names
            if len(found) == 1 and is_ours(found[0][0]):
                return
    raise ValueError("the database that DATABASE_URL names does not contain a shop")


def read(source: Path, url: str, *, replace: bool) -> None:
    """Restore the dump in *source*, in one transaction. Raises `ValueError`.

    Sessions and events are left out. A second transaction begins a new epoch, and raises the
    sequences above those of the replaced database: no id is given again.
    """
    place = database_url(url)
    program = _find_program("pg_restore", _server_version(url))
    contents = _run(place, program, "--list", str(source))
    schema = _schema_in(source, contents)
    if schema != (wanted_schema := _schema_of(url)):
        raise ValueError(f"{source} has the schema {schema}, and DATABASE_URL {wanted_schema}")
    exists = _has_schema(url, schema)
    has_tables = _has_tables(url)
    if has_tables and not replace:
        raise ValueError("the database already has tables: use --force to replace them")
    clean = ("--clean", "--if-exists") if has_tables else ()
    atomic = ("--single-transaction", "--exit-on-error")
    used, position = _last_ids(url), _last_position(url)
    with NamedTemporaryFile("w") as wanted:
        wanted.writelines(
            line
            for line in contents.splitlines(keepends=True)
            if _is_wanted(line, schema, exists=exists)
        )
        wanted.flush()
        options = (*atomic, *clean, *_PORTABLE, f"--use-list={wanted.name}")
        _run(place, program, *options, _dbname(place), str(source))
    _begin_epoch(url, used, position)


def _schema_in(source: Path, contents: str) -> str:
    """Return the schema that the shop has in the dump with these *contents*."""
    for table in VERSION_TABLES:
        for schema in re.findall(rf" TABLE DATA (\S+) {table} ", contents):
            if f" TABLE DATA {schema} {sessions.name} " in contents:
                return str(schema)
    raise ValueError(f"{source} does not contain a shop")


def _is_wanted(entry: str, schema: str, *, exists: bool) -> bool:
    """Return whether an entry of a dump's list is restored.

    All but what a restore leaves out, and the schema itself if it exists.
    """
    unwanted = [f" TABLE DATA {schema} {table} " for table in (*epoch.EMPTIED, epoch.TABLE)]
    if exists:
        unwanted.append(f" SCHEMA - {schema} ")
    return not any(text in entry for text in unwanted)


def _last_ids(url: str) -> dict[str, int]:
    """Return the last id that each sequence has given."""
    with _connect(url) as connection:
        return dict(connection.execute(_SEQUENCES).fetchall())


def _last_position(url: str) -> int:
    """Return the position of the last event."""
    with _connect(url) as connection:
        if not _has(connection, epoch.POSITION_TABLE):
            return 0
        row = connection.execute(_POSITION).fetchone()
    return int(row[0]) if row else 0


def _begin_epoch(url: str, used: Mapping[str, int], position: int) -> None:
    """Write a new epoch, and let ids and positions go on above those that were *used*."""
    present = _last_ids(url)
    with _connect(url) as connection:
        connection.execute(COMMIT_SYNCHRONOUSLY)  # `pg_restore` commits as the server is set to
        for sequence, last in used.items():
            if last > present.get(sequence, 0):
                connection.execute(_RAISE, {"sequence": sequence, "last": last})
        if _has(connection, epoch.TABLE):
            connection.execute(_EPOCH, {"value": epoch.new_value()})
        if _has(connection, epoch.POSITION_TABLE):
            connection.execute(_NO_EVENTS)  # a server that is running may have written some by now
            values = {"last": position, "skipped": epoch.SKIPPED_POSITIONS}
            connection.execute(_SKIP, values)


def _has(connection: "psycopg.Connection[tuple[Any, ...]]", table: str) -> bool:
    return connection.execute(_HAS_TABLE, {"table": table}).fetchone() == (True,)


def _server_version(url: str) -> int:
    """Return the server's major version."""
    with _connect(url) as connection:
        return connection.info.server_version // 10_000


def _schema_of(url: str) -> str:
    """Return the schema that tables are created in."""
    with _connect(url) as connection:
        found = connection.execute("SELECT current_schema()").fetchone()
    return schema_name(database_url(url)) or str(found and found[0])


def _has_schema(url: str, name: str) -> bool:
    with _connect(url) as connection:
        return connection.execute(_HAS_SCHEMA, {"name": name}).fetchone() == (True,)


def _has_tables(url: str) -> bool:
    with _connect(url) as connection:
        return connection.execute(_TABLES).fetchone() != (0,)


@contextmanager
def _connect(url: str) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Open a connection; raise `ValueError` for any error of the driver."""
    try:
        with psycopg.connect(
            _conninfo(database_url(url)), connect_timeout=CONNECT_TIMEOUT_S
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise ValueError(describe_failure(url, error)) from error


def _find_program(name: str, server_version: int) -> str:
    """Return the path of a program at least as new as the server, as PostgreSQL requires."""
    versions = {path: _program_version(path) for path in _find_paths(name)}
    suitable = [path for path, version in versions.items() if version >= server_version]
    if not suitable:
        found = ", ".join(f"{path} ({version})" for path, version in versions.items()) or "none"
        raise ValueError(f"{name} {server_version} or newer is required on the PATH; found {found}")
    return suitable[0]


def _find_paths(name: str) -> Iterator[str]:
    """Yield the programs called *name*: on the PATH, then in the servers' own folders."""
    for folder in os.get_exec_path():
        if path := shutil.which(name, path=folder):
            yield path
    for root in _ROOTS:
        for folder in sorted(map(str, root.glob(_SERVER_PROGRAMS)), reverse=True):
            if path := shutil.which(name, path=folder):
                yield path


def _program_version(path: str) -> int:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\) (\d+)", done.stdout)
    return int(number[1]) if number else 0


def _run(place: URL, *command: str) -> str:
    """Run a program and return its output. Raises `ValueError` if it fails."""
    with _environment(place) as environment:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        name = Path(command[0]).name
        # Further lines may quote statements and rows of the backup.
        errors = [line for line in done.stderr.splitlines() if f"{name}: error: " in line]
        text = " ".join(errors) or f"{name}: {' '.join(done.stderr.split())}"
        raise ValueError(text)
    return done.stdout


def _dbname(place: URL) -> str:
    """Return the connection option without any secret, since `ps` shows command lines."""
    secrets = _secrets_of(place)
    service = {"service": _SERVICE} if secrets else {}
    url = URL.create(
        "postgresql",
        username=place.username,
        host=place.host,
        port=place.port,
        database=place.database,
        query={**place.difference_update_query(secrets).query, **service},
    )
    return f"--dbname={_conninfo(url)}"


def _conninfo(url: URL) -> str:
    """Return *url* as libpq reads it: it refuses a space, and a "+" in the query is none."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    before, mark, query = text.partition("?")
    return before.replace(" ", "%20") + mark + query.replace("+", "%20")


@contextmanager
def _environment(place: URL) -> Iterator[Mapping[str, str]]:
    """Yield the environment that has the secrets of *place*; libpq has a variable for one only."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_S)}
    if place.password is not None:
        environment["PGPASSWORD"] = str(place.password)
    secrets = _secrets_of(place)
    if not secrets:
        yield environment
        return
    if "service" in place.query:
        raise ValueError(f"DATABASE_URL: {', '.join(secrets)} must be in the service file")
    with NamedTemporaryFile("w", encoding="utf-8", prefix="mechanic-shop-") as file:  # mode 0600
        file.write("".join((f"[{_SERVICE}]\n", *(f"{k}={v}\n" for k, v in secrets.items()))))
        file.flush()
        yield environment | {"PGSERVICEFILE": file.name}


def _secrets_of(place: URL) -> Mapping[str, str]:
    """Return the parameters in the query that are secrets; of a repeated one the last counts."""
    return {
        name: values[-1]
        for name, values in place.normalized_query.items()
        if is_secret_parameter(name)
    }
