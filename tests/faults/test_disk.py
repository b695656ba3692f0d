"""The disk under SQLite is full, read-only or somebody else's: a clear 503, and no harm done."""

import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.shop_processes import Answer, Client, command, kept, serving
from tests.integration.sockets import wait_until

NO_POWER: Sequence[str] = (
    ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
    if os.geteuid() == 0  # root may write whatever is read-only
    else ()
)


def is_sound(file: Path) -> bool:
    """Return whether SQLite and the shop's ledger find nothing wrong."""
    with closing(sqlite3.connect(file)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchall()
    kept(f"sqlite:///{file}")
    return said == [("ok",)]


def assert_unavailable(answer: Answer) -> None:
    """Check that somebody is told to try again, and nothing of the cause."""
    assert answer.status == 503
    assert answer.head["content-type"].startswith("application/problem+json")
    assert int(answer.head["retry-after"]) > 0
    assert "sqlite" not in str(answer.body).lower()


def test_the_disk_is_full(file: Path, tell: Callable[[str], None]) -> None:
    """
    When no file may grow, writes are refused and reads go on; with room again, all goes on.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:
        kept = {f"P-{n}" for n in range(20) if client.add_part(f"P-{n}").status == 201}
        used = max(part.stat().st_size for part in file.parent.glob("shop.db*"))

        _, hard = server.process.rlimit(resource.RLIMIT_FSIZE)
        server.process.rlimit(resource.RLIMIT_FSIZE, (used, hard))
        answers = [client.add_part(f"FULL-{n}") for n in range(200)]
        reading = client.ask("GET", "/inventory")
        server.process.rlimit(resource.RLIMIT_FSIZE, (hard, hard))
        after = client.add_part("AFTER")
        there = client.skus()

    refused = [answer for answer in answers if answer.status != 201]
    kept |= {f"FULL-{n}" for n, answer in enumerate(answers) if answer.status == 201}
    tell(
        f"disk full: acknowledged {len(kept) + 1}, found {len(there)}, refused {len(refused)}, "
        f"slowest refusal {max(answer.seconds for answer in refused):.2f} s"
    )
    for answer in refused:
        assert_unavailable(answer)
    assert reading.status == 200
    assert after.status == 201
    assert {*kept, "AFTER"} == there
    assert is_sound(file)


def test_the_file_is_read_only(file: Path, tell: Callable[[str], None]) -> None:
    """
    A shop whose file may not be written does not pretend to keep anything.
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

    there = kept(f"sqlite:///{file}")
    tell(f"read-only: {refused.stderr.strip()!r}, found {len(there)}")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert there == {"BEFORE"}
    assert is_sound(file)


def test_the_file_becomes_read_only(file: Path, tell: Callable[[str], None]) -> None:
    """
    A shop that may read its file and not write to it goes on for readers, and starts for them.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:
        assert client.add_part("BEFORE").status == 201
        file.chmod(0o444)
        with serving(f"sqlite:///{file}", before=NO_POWER) as other:
            held = client.like(other.port)
            refused = [held.add_part(f"NEVER-{n}") for n in range(5)]
            reading = held.ask("GET", "/inventory")
            alive = held.ask("GET", "/healthz")
        file.chmod(0o644)
        after = client.add_part("AFTER")
        there = client.skus()

    tell(
        f"read-only, served: refused {len(refused)}, slowest {max(r.seconds for r in refused):.2f}"
        f" s, read {len(reading.body['items'])}, found {len(there)}"
    )
    for answer in refused:
        assert_unavailable(answer)
        assert answer.seconds < 2
    assert (200, 200) == (reading.status, alive.status)
    assert after.status == 201
    assert there == {"BEFORE", "AFTER"}
    assert is_sound(file)


@pytest.mark.parametrize("words", ["serve --port 0", "db upgrade", "stock check"])
def test_nothing_can_be_written_where_the_file_should_be(tmp_path: Path, words: str) -> None:
    """
    In a folder where no file can be made, each command ends with one line that says so.
    """
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)

    done = command(f"sqlite:///{folder / 'shop.db'}", *words.split(), before=NO_POWER)

    assert done.returncode in {1, 2}
    assert done.stderr.startswith("mechanic-shop: ")
    assert 1 == len(done.stderr.splitlines())
    assert "internal error" not in done.stderr
    assert [] == [*folder.iterdir()]


def test_somebody_holds_the_file(file: Path, tell: Callable[[str], None]) -> None:
    """
    While another program writes and does not end, writes are refused in time and reads go on.
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

    tell(
        f"locked: refused after {blocked.seconds:.2f} s, "
        f"free again after {time.monotonic() - started:.2f} s, found {len(there)}"
    )
    assert_unavailable(blocked)
    assert reading.status == 200
    assert there == {"FREE"}
    assert is_sound(file)
