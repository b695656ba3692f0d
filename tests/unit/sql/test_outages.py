"""Outages of a database: their causes, when they begin and when they are over."""

import sqlite3
from queue import Empty

import psycopg
import pytest
from attrs import define, field
from psycopg import errors

from mechanic_adapters.sql.admission import Admission
from mechanic_adapters.sql.engine.outages import (
    QUIET_S,
    Cause,
    Outage,
    Outages,
    Phase,
    Use,
    cause_of,
)
from mechanic_adapters.sql.engine.postgres.session_settings import SessionUnfit
from mechanic_core.errors import LostRace, NotFound, Unavailable

REFUSED = 'connection to server at "192.0.2.1", port 5432 failed: '


def sqlite_error(name: str) -> Exception:
    """Return an error of SQLite with this name."""
    error = sqlite3.OperationalError("something about a file")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.DiskFull(), "disk full (53100)"),
        (errors.ReadOnlySqlTransaction(), "read only (25006)"),
        (errors.InsufficientPrivilege(), "missing rights (42501)"),
        (errors.TooManyConnections(), "slots full (53300)"),
        (errors.OutOfMemory(), "out of resources (53200)"),
        (errors.AdminShutdown(), "database away (57P01)"),
        (errors.QueryCanceled(), "statement timed out (57014)"),
        (errors.IoError(), "input/output error (58030)"),
        (psycopg.OperationalError("server closed the connection"), "database away"),
        (SessionUnfit("UTC"), "sessions have wrong settings"),
        (Empty(), "every connection of this process is in use"),
        (sqlite_error("SQLITE_FULL"), "disk full (SQLITE_FULL)"),
        (sqlite_error("SQLITE_READONLY_DBMOVED"), "read only (SQLITE_READONLY_DBMOVED)"),
        (sqlite_error("SQLITE_IOERR_WRITE"), "input/output error (SQLITE_IOERR_WRITE)"),
        (sqlite_error("SQLITE_CANTOPEN"), "file cannot be opened (SQLITE_CANTOPEN)"),
        (sqlite_error("SQLITE_CORRUPT"), "file damaged (SQLITE_CORRUPT)"),
    ],
)
def test_an_error_has_a_cause_with_its_code(error: Exception, expected: str) -> None:
    """
    Each error of a driver has a cause in words, with SQLSTATE or SQLite's name.
    """
    assert expected == str(cause_of(error))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('FATAL:  password authentication failed for user "ada"', "wrong password (28P01)"),
        ('FATAL:  role "ada" does not exist', "login refused (28000)"),
        ('FATAL:  no pg_hba.conf entry for host "::1", no encryption', "login refused (28000)"),
        ('FATAL:  database "shop" does not exist', "no such database (3D000)"),
        ('FATAL:  permission denied for database "shop"', "missing rights (42501)"),
        ("FATAL:  sorry, too many clients already", "slots full (53300)"),
        ("FATAL:  remaining connection slots are reserved for roles", "slots full (53300)"),
        ('FATAL:  too many connections for role "ada"', "slots full (53300)"),
        ("FATAL:  the database system is starting up", "database away (57P03)"),
        ("Connection refused", "database away"),
        ("server does not support SSL, but SSL was required", "TLS refused"),
        ("SSL error: certificate verify failed", "TLS refused"),
    ],
)
def test_a_refused_connection_has_a_cause(said: str, expected: str) -> None:
    """
    A refused connection has no code in libpq: its cause is known from what the server says.
    """
    assert expected == str(cause_of(psycopg.OperationalError(f"{REFUSED}{said}")))


@define
class Told:
    """Outages with a clock that is set, and what their listener was told."""

    at: float = 100.0
    heard: list[Outage] = field(factory=list)
    outages: Outages = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Listen."""
        self.outages = Outages(lambda: self.at)
        self.outages.listen(self.heard.append)

    def fail(self, use: Use, error: Exception) -> None:
        """Let a use fail as the store does."""
        refused = Unavailable()
        refused.__cause__ = error
        self.outages.failed(use, refused)


FULL = Cause("disk full", "53100")


def test_an_outage_is_told_when_it_begins_and_when_it_is_over() -> None:
    """
    However many writes fail, an outage is told twice, with its duration.
    """
    told = Told()
    for _ in range(10):
        told.at += 1
        told.fail(Use.WRITING, errors.DiskFull())
    told.at += QUIET_S
    for _ in range(10):
        told.outages.succeeded(Use.WRITING)

    assert [Outage(FULL), Outage(FULL, Phase.OVER, 9 + QUIET_S)] == told.heard
    assert told.outages.cause(Use.WRITING) is None


def test_a_success_among_failures_ends_nothing() -> None:
    """
    On a nearly full disk some writes succeed: the outage lasts until none has failed for a while.
    """
    told = Told()
    for _ in range(10):
        told.at += QUIET_S / 2
        told.fail(Use.WRITING, errors.DiskFull())
        told.outages.succeeded(Use.WRITING)

    assert [Outage(FULL)] == told.heard
    assert FULL == told.outages.cause(Use.WRITING)


def test_what_reads_and_writes_fail_by_is_one_outage() -> None:
    """
    A server that restarts is told once, whatever the code, and is back for reads and writes at once.
    """
    told = Told()
    told.fail(Use.READING, errors.AdminShutdown())
    told.fail(Use.WRITING, psycopg.OperationalError(f"{REFUSED}Connection refused"))
    told.fail(Use.READING, psycopg.OperationalError("FATAL:  the database system is starting up"))
    told.at += QUIET_S
    told.outages.succeeded(Use.READING)
    told.outages.succeeded(Use.WRITING)

    cause = Cause("database away", "57P01")
    assert [Outage(cause), Outage(cause, Phase.OVER, QUIET_S)] == told.heard
    assert {None} == {told.outages.cause(use) for use in Use}


def test_reads_that_succeed_do_not_end_an_outage_of_writes() -> None:
    """
    While writes fail, reads that succeed say nothing about them.
    """
    told = Told()
    told.fail(Use.WRITING, errors.ReadOnlySqlTransaction())
    told.at += 10 * QUIET_S
    told.outages.succeeded(Use.READING)

    assert [Outage(Cause("read only", "25006"))] == told.heard


def test_a_change_of_the_cause_is_told() -> None:
    """
    A server that comes back with another password is another outage.
    """
    told = Told()
    told.fail(Use.READING, psycopg.OperationalError(f"{REFUSED}Connection refused"))
    told.fail(Use.READING, psycopg.OperationalError("password authentication failed"))

    assert ["database away", "wrong password"] == [outage.cause.reason for outage in told.heard]


@pytest.mark.parametrize("error", [LostRace(), NotFound(), Unavailable(), ValueError()])
def test_other_failures_are_no_outage(error: Exception) -> None:
    """
    Neither a lost race is an outage of the database, nor what failed for another reason.
    """
    told = Told()
    error.__cause__ = errors.DiskFull() if isinstance(error, LostRace) else None
    told.outages.failed(Use.WRITING, error)

    assert [] == told.heard


def test_what_fails_one_statement_is_told_each_time() -> None:
    """
    A statement that takes too long, or lacks rights, says nothing about others.
    """
    told = Told()
    for _ in range(2):
        told.fail(Use.WRITING, errors.InsufficientPrivilege())

    lacking = Outage(Cause("missing rights", "42501"), Phase.MOMENTARY)
    assert [lacking, lacking] == told.heard
    assert told.outages.cause(Use.WRITING) is None


def test_who_listens_later_hears_of_present_outages() -> None:
    """
    A listener is told of an outage that began before.
    """
    told = Told()
    told.fail(Use.READING, errors.DiskFull())
    told.fail(Use.WRITING, errors.DiskFull())
    later: list[Outage] = []
    told.outages.listen(later.append)

    assert [Outage(FULL)] == later


OLD = Cause("the schema is old")


def test_what_is_not_admitted_is_told_once() -> None:
    """
    However often a check fails, and although reads succeed, it is told twice, the end at once.
    """
    told = Told()
    found = iter([OLD, OLD, OLD, None])
    admission = Admission(told.outages)
    admission.hold(lambda: next(found))
    for _ in range(3):
        told.at += QUIET_S
        told.outages.succeeded(Use.READING)
        with pytest.raises(Unavailable):
            admission.require()
    for _ in range(3):
        admission.require()

    assert [Outage(OLD), Outage(OLD, Phase.OVER, 2 * QUIET_S)] == told.heard
    assert not told.outages.is_any


def test_what_a_thread_found_before_another_admitted_is_not_told() -> None:
    """
    Of two checks at once, the one that finds nothing wrong counts.
    """
    told = Told()
    admission = Admission(told.outages)

    def check() -> Cause:
        admission.hold(lambda: None)
        admission.require()  # of another thread
        return OLD

    admission.hold(check)
    admission.require()

    assert [] == told.heard
