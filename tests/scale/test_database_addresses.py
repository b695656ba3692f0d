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
from tests.integration.programs import run
from tests.integration.servers import PostgresServer, postgres_server
from tests.integration.sockets import free_port
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


def test_a_server_that_takes_no_writes_is_passed_by(postgres: PostgresServer, url: str) -> None:
    """
    With `target_session_attrs=read-write` a server that is read-only is neither written nor read.
    """
    with postgres_server("default_transaction_read_only=on", durable=False) as other:
        several = with_place(url, f"{place_of(other.url())},{place_of(url)}", WRITABLE)
        with closing(SqlStore.open(several)) as store:
            connection = store.database.writers.take()
            port = connection.driver.info.port
            store.database.writers.release(connection)

    assert urlsplit(url).port == port


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
