"""A disk without a free block, under SQLite and under PostgreSQL: 503, the log says why, no damage."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from attrs import frozen

from tests.faults.shop_processes import Client, outages_in, serving_with_log, stored_skus
from tests.faults.small_disks import SmallDisk, small_disk
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until


@frozen
class ShopOnDisk:
    """A shop whose database is on a disk of its own."""

    url: str
    disk: SmallDisk
    code: str


@contextmanager
def sqlite_on(disk: SmallDisk, template: Path) -> Iterator[ShopOnDisk]:
    """A SQLite file on *disk*."""
    file = shutil.copy(template, disk.folder / "shop.db")
    yield ShopOnDisk(f"sqlite:///{file}", disk, "SQLITE_FULL")


@contextmanager
def postgres_on(disk: SmallDisk, server: PostgresServer, template: str) -> Iterator[ShopOnDisk]:
    """A PostgreSQL database in a tablespace on *disk*."""
    folder = disk.folder / "tables"
    folder.mkdir()
    server.give(folder)
    url = server.new_database(template)
    name = url.rpartition("/")[2]
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        connection.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
    yield ShopOnDisk(url, disk, "53100")
    server.drop_database(url)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP TABLESPACE small")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopOnDisk]:
    """A shop on each database, on a small disk."""
    if request.param == "sqlite":
        template = request.getfixturevalue("first_file")
        with small_disk(tmp_path / "disk", 40) as disk, sqlite_on(disk, template) as shop:
            yield shop
        return
    server = request.getfixturevalue("durable_postgres")
    template = request.getfixturevalue("first_database")
    with (
        small_disk(server.folder / "disk", 40) as disk,
        postgres_on(disk, server, template) as shop,
    ):
        yield shop


def test_a_full_disk_is_told_once(shop: ShopOnDisk, tmp_path: Path) -> None:
    """
    On a full disk the shop is not ready before and after a write fails, and reads are served.
    """
    with serving_with_log(tmp_path, shop.url) as port, Client(port).log_in() as client:
        stored = {f"P-{n}" for n in range(20) if client.add_part(f"P-{n}").status == 201}
        before = client.ask("GET", "/readyz")

        shop.disk.fill()
        wait_until(lambda: client.ask("GET", "/readyz").status == 503)
        full = client.ask("GET", "/readyz")
        answers = {f"FULL-{n}": client.add_part(f"FULL-{n}").status for n in range(200)}
        still_full = client.ask("GET", "/readyz")
        reading = client.ask("GET", "/inventory")
        told = outages_in(tmp_path)

        shop.disk.free()
        wait_until(lambda: client.ask("GET", "/readyz").status == 200)
        after = client.add_part("AFTER")
        wait_until(lambda: len(outages_in(tmp_path)) > 1)
        all_told = outages_in(tmp_path)

    stored |= {sku for sku, status in answers.items() if status == 201}
    assert (200, "up") == (before.status, before.body["writes"])
    for ready in (full, still_full):
        assert (503, "disk full") == (ready.status, ready.body["writes"])
    assert {201, 503} >= {*answers.values()}
    assert 503 in answers.values()
    assert (200, 201) == (reading.status, after.status)
    assert [("database outage", "disk full", shop.code)] == [
        (line["event"], line["cause"], line["code"]) for line in told
    ]
    assert ["database outage", "database outage over"] == [line["event"] for line in all_told]
    assert {*stored, "AFTER"} == stored_skus(shop.url)
