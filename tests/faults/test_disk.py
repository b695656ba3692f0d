"""The disk under SQLite is full, read-only or locked: 503, and no damage."""

import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.shop_processes import Client, Response, command, serving, stored_skus
from tests.integration.sockets import wait_until

NO_POWER: Sequence[str] = (
    ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
    if os.geteuid() == 0  # root may write to read-only files
    else ()
)


def is_consistent(file: Path) -> bool:
    """Return whether SQLite's integrity check and the shop's ledger find no error."""
    with closing(sqlite3.connect(file)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchall()
    stored_skus(f"sqlite:///{file}")
    return said == [("ok",)]


def assert_unavailable(answer: Response) -> None:
    """Check that the response is 503 and does not reveal the cause."""
    assert answer.status == 503
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert "sqlite" not in str(answer.body).lower()


def test_the_disk_is_full(file: Path, report: Callable[[str], None]) -> None:
    """
    On a full disk writes get 503 and reads succeed; with free space writes succeed again.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:
        stored_skus = {f"P-{n}" for n in range(20) if client.add_part(f"P-{n}").status == 201}
        used = max(part.stat().st_size for part in file.parent.glob("shop.db*"))

        _, hard = server.process.rlimit(resource.RLIMIT_FSIZE)
        server.process.rlimit(resource.RLIMIT_FSIZE, (used, hard))
        answers = [client.add_part(f"FULL-{n}") for n in range(200)]
        reading = client.ask("GET", "/inventory")
        server.process.rlimit(resource.RLIMIT_FSIZE, (hard, hard))
        after = client.add_part("AFTER")
        there = client.skus()

    refused = [answer for answer in answers if answer.status != 201]
    stored_skus |= {f"FULL-{n}" for n, answer in enumerate(answers) if answer.status == 201}
    report(
        f"disk full: acknowledged {len(stored_skus) + 1}, found {len(there)}, refused {len(refused)}, "
        f"slowest refusal {max(answer.seconds for answer in refused):.2f} s"
    )
    for answer in refused:
        assert_unavailable(answer)
    assert reading.status == 200
    assert after.status == 201
    assert {*stored_skus, "AFTER"} == there
    assert is_consistent(file)


def test_the_file_is_read_only(file: Path, report: Callable[[str], None]) -> None:
    """
    A shop with a read-only file refuses writes.
    """
    if NO_POWER:
        assert shutil.which(NO_POWER[0])
    with (
        serving(f"sqlite:///{file}", before=NO_POWER) as server,
        Client(server.port).log_in() as client,
    ):
        assert client.add_part("BEFORE").status == 201
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.chmod(0o444)
    for beside in file.parent.glob("shop.db-*"):
        beside.unlink()
    file.parent.chmod(0o555)
    try:
        refused = command(f"sqlite:///{file}", "stock", "check", before=NO_POWER)
    finally:
        file.parent.chmod(0o755)
        file.chmod(0o644)

    there = stored_skus(f"sqlite:///{file}")
    report(f"read-only: {refused.stderr.strip()!r}, found {len(there)}")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert there == {"BEFORE"}
    assert is_consistent(file)


def test_the_file_becomes_read_only(file: Path, report: Callable[[str], None]) -> None:
    """
    A shop whose file becomes read-only still serves reads, and starts for them.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:
        assert client.add_part("BEFORE").status == 201
        file.chmod(0o444)
        with serving(f"sqlite:///{file}", before=NO_POWER) as other:
            held = client.copy_for(other.port)
            refused = [held.add_part(f"NEVER-{n}") for n in range(5)]
            reading = held.ask("GET", "/inventory")
            alive, ready = held.ask("GET", "/healthz"), held.ask("GET", "/readyz")
        file.chmod(0o644)
        after = client.add_part("AFTER")
        there = client.skus()

    report(
        f"read-only, served: refused {len(refused)}, slowest {max(r.seconds for r in refused):.2f}"
        f" s, read {len(reading.body['items'])}, found {len(there)}"
    )
    for answer in refused:
        assert_unavailable(answer)
        assert answer.seconds < 2
    assert (200, 200) == (reading.status, alive.status)
    assert (503, "read only") == (ready.status, ready.body["writes"])
    assert after.status == 201
    assert there == {"BEFORE", "AFTER"}
    assert is_consistent(file)


@pytest.mark.parametrize("words", ["serve --port 0", "db upgrade", "stock check"])
def test_the_directory_is_read_only(tmp_path: Path, words: str) -> None:
    """
    In a read-only directory each command ends with a one-line error.
    """
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)

    done = command(f"sqlite:///{folder / 'shop.db'}", *words.split(), before=NO_POWER)

    assert done.returncode in {1, 2}
    assert done.stderr.startswith("mechanic-shop: ")
    assert 1 == len(done.stderr.splitlines())
    assert "internal error" not in done.stderr
    assert [] == [*folder.iterdir()]


def test_another_program_holds_the_write_lock(file: Path, report: Callable[[str], None]) -> None:
    """
    While another program holds the write lock, writes get 503 in time and reads succeed.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        blocked = client.add_part("BLOCKED")
        reading = client.ask("GET", "/inventory")
        other.execute("ROLLBACK")
        other.close()
        started = time.monotonic()
        wait_until(lambda: client.add_part("FREE").status == 201)
        there = client.skus()

    report(
        f"locked: refused after {blocked.seconds:.2f} s, "
        f"free again after {time.monotonic() - started:.2f} s, found {len(there)}"
    )
    assert_unavailable(blocked)
    assert reading.status == 200
    assert there == {"FREE"}
    assert is_consistent(file)
