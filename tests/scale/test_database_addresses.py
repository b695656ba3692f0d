"""`DATABASE_URL`: several hosts, sockets, TLS, and what the start says of a wrong one."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from mechanic_adapters.conformance.samples.records import add_customer
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from tests.integration.programs import run
from tests.integration.servers import PostgresServer, postgres_server
from tests.integration.sockets import free_port, wait_until
from tests.scale.standbys import configure, promote, run_sql, standby_of
from tests.scale.tls import new_certificate, tls_before

WRITABLE: Final = "target_session_attrs=read-write"


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty shop."""
    url = postgres.new_database()
    runner.upgrade(url)
    yield url
    postgres.drop_database(url)


def with_place(url: str, place: str, query: str = "") -> str:
    """Return *url* with other hosts."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{user}@{place}", query=query).geturl()


def place_of(url: str) -> str:
    """Return the host and the port of *url*."""
    return urlsplit(url).netloc.rpartition("@")[2]


def check_reads_and_writes(url: str) -> None:
    """Write a customer at *url* and read it back."""
    with closing(SqlStore.open(url)) as store:
        customer = add_customer(store)
        with store.read_only() as work:
            assert customer == work.customers.get(customer.id)


def test_the_host_that_answers_is_used(url: str) -> None:
    """
    Of several hosts one may be away, for migrations, reads and writes.
    """
    several = with_place(url, f"127.0.0.1:{free_port()},{place_of(url)}", WRITABLE)

    assert runner.newest() == runner.current(several)
    check_reads_and_writes(several)


def port_of(url: str) -> int:
    """Return the port of the server that a transaction at *url* runs on."""
    with closing(SqlStore.open(url)) as store:
        connection = store.database.writers.take()
        port = int(connection.driver.info.port)
        store.database.writers.release(connection)
    return port


@pytest.fixture
def standby(postgres: PostgresServer, url: str) -> Iterator[PostgresServer]:
    """A standby of the server, with the shop at *url*."""
    with standby_of(postgres) as standby:
        yield standby


def test_a_server_that_takes_no_writes_is_passed_by(standby: PostgresServer, url: str) -> None:
    """
    With `target_session_attrs=read-write` neither a standby is used, nor a primary that is fenced.
    """
    place = place_of(standby.url())
    several = with_place(url, f"{place},{place_of(url)}")
    writable = with_place(url, f"{place},{place_of(url)}", WRITABLE)
    ports = [port_of(several), port_of(writable)]
    promote(standby)
    ports.append(port_of(writable))
    configure(standby, "SET default_transaction_read_only = on")
    wait_until(lambda: run_sql(standby, "SHOW default_transaction_read_only") == "on")
    ports.append(port_of(writable))

    former, own = urlsplit(standby.url()).port, urlsplit(url).port
    assert [former, own, former, own] == ports


def test_a_primary_that_takes_no_writes_is_read_if_there_is_no_other(
    standby: PostgresServer, url: str
) -> None:
    """
    With `target_session_attrs=read-write` a standby is not used, a read-only primary only to read.
    """
    alone = with_place(url, place_of(standby.url()), WRITABLE)
    with closing(SqlStore.open(alone)) as store:
        with pytest.raises(Unavailable):
            store.ping()
        promote(standby)
        configure(standby, "SET default_transaction_read_only = on")
        wait_until(lambda: run_sql(standby, "SHOW default_transaction_read_only") == "on")
        store.ping()
        with pytest.raises(Unavailable):
            add_customer(store)


def test_a_socket_is_reached() -> None:
    """
    `?host=/FOLDER` is the folder of a socket.
    """
    with tempfile.TemporaryDirectory(prefix="shop-socket-") as folder:
        Path(folder).chmod(0o777)
        with postgres_server(f"unix_socket_directories={folder}", durable=False) as server:
            url = with_place(server.new_database(), "", f"host={folder}&port={server._port}")
            runner.upgrade(url)

            check_reads_and_writes(url)


def test_a_trusted_certificate_is_accepted(url: str, tmp_path: Path) -> None:
    """
    `sslmode=verify-full` and `sslrootcert` are handed to libpq.
    """
    certificate = new_certificate(tmp_path)
    with tls_before(int(urlsplit(url).port or 0), certificate, postgres=True) as port:
        secured = f"sslmode=verify-full&sslrootcert={certificate.file}"

        check_reads_and_writes(with_place(url, f"127.0.0.1:{port}", secured))


def stopped_by(url: str, folder: Path) -> str:
    """Start the shop, which ends at once; return what it says."""
    ended = run(folder, "serve", "--port", "0", env={"DATABASE_URL": url, "SECRET_KEY": "s" * 48})
    assert ended.returncode in {1, 2}
    assert 1 == ended.stderr.count("\n"), ended.stderr
    return str(ended.stderr)


def test_a_wrong_certificate_stops_the_start(url: str, tmp_path: Path) -> None:
    """
    A certificate that is not trusted is reported with variable, host and cause.
    """
    (tmp_path / "other").mkdir()
    other = new_certificate(tmp_path / "other")
    with tls_before(int(urlsplit(url).port or 0), new_certificate(tmp_path), postgres=True) as port:
        secured = f"sslmode=verify-full&sslrootcert={other.file}"
        said = stopped_by(with_place(url, f"127.0.0.1:{port}", secured), tmp_path)

    place = re.escape(f"127.0.0.1:{port}")
    assert re.fullmatch(
        f"mechanic-shop: DATABASE_URL: the database at {place} cannot be connected to: "
        "its certificate is not trusted\n",
        said,
    )


@pytest.mark.parametrize(
    ("query", "user", "cause"),
    [
        ("", "nobody:w0rd", "refuses the connection: wrong credentials (28P01)"),
        ("", "postgres:w0rd", "refuses the connection: wrong credentials (28P01)"),
        ("sslmode=require", "", "cannot be connected to: it offers no TLS, which sslmode requires"),
        ("sslmode=yes", "", "cannot be connected to: a parameter has a wrong value"),
    ],
)
def test_what_lasts_stops_the_start(
    url: str, tmp_path: Path, query: str, user: str, cause: str
) -> None:
    """
    Wrong credentials and parameters are reported in one line, without user name and password.
    """
    place = place_of(url)
    wrong = urlsplit(url)._replace(query=query)
    if user:
        wrong = wrong._replace(netloc=f"{user}@{place}")

    said = stopped_by(wrong.geturl(), tmp_path)

    assert f"mechanic-shop: DATABASE_URL: the database at {place} {cause}\n" == said


def test_a_database_without_tables_stops_the_start(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """
    A database that lacks the schema, and one that does not exist, are reported.
    """
    url = postgres.new_database()

    assert "run mechanic-shop db upgrade\n" in stopped_by(url, tmp_path)
    assert ": it has no such database (3D000)\n" in stopped_by(f"{url}_of_nobody", tmp_path)
