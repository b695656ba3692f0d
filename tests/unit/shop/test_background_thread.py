"""Background threads work regularly, outlive failures, end with their block and go on in forks."""

import logging
import os
import threading
from collections.abc import Callable
from threading import Event
from typing import Final, final

import pytest

from mechanic_core.errors import LostRace, Unavailable
from mechanic_shop.wiring.background_thread import BackgroundThread

WAIT_S: Final = 30.0
NEVER_S: Final = 3600.0
PERIOD_S: Final = 100.0
FORKS: Final = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")


@final
class RecordedWaits(Event):
    """Wakes at once, but records for how long it should wait; stops the thread after *most*."""

    def __init__(self, stopping: Event, most: int) -> None:
        """Record nothing yet."""
        super().__init__()
        self.waits = list[float]()
        self._stopping, self._most = stopping, most

    def wait(self, timeout: float | None = None) -> bool:
        """Record *timeout*."""
        self.waits.append(timeout or 0.0)
        if len(self.waits) > self._most:
            self._stopping.set()
        return False


def run(work: Callable[[Event], object], rounds: int) -> list[float]:
    """Do some rounds in this thread; return for how long it should have waited before each."""
    stopping = Event()
    woken = RecordedWaits(stopping, rounds)
    BackgroundThread("test", work, PERIOD_S, stopping=stopping, woken=woken).run(0.0)
    return woken.waits


def names() -> set[str]:
    """Return the names of the threads of this process."""
    return {thread.name for thread in threading.enumerate()}


def test_processes_do_not_work_together() -> None:
    """
    The waits of eight processes between two rounds all differ, and none from the period by much.
    """
    waits = [wait for _ in range(8) for wait in run(lambda _: None, 10)[1:]]

    assert 80 == len(set(waits))
    assert all(0.8 * PERIOD_S <= wait <= 1.2 * PERIOD_S for wait in waits)


def test_the_first_round_comes_at_a_random_time() -> None:
    """
    Threads that were started together begin at different times, each within the given one.
    """
    firsts = list[float]()
    for _ in range(8):
        stopping = Event()
        woken = RecordedWaits(stopping, 0)
        with BackgroundThread(
            "test", lambda _: None, PERIOD_S, 5.0, stopping=stopping, woken=woken
        ):
            assert stopping.wait(WAIT_S)
        firsts.append(woken.waits[0])

    assert 8 == len(set(firsts))
    assert all(0 <= first <= 5.0 for first in firsts)


def test_a_failure_is_logged_once_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    """
    Rounds go on, however one fails; a kind of failure is logged again after a success only.
    """
    away, mistake = Unavailable(), RuntimeError("mistake")
    rounds = iter([away, mistake, away, mistake, LostRace(), None, mistake, mistake])

    def work(_: Event) -> None:
        failure = next(rounds)
        if failure:
            raise failure

    with caplog.at_level(logging.INFO):
        run(work, 8)

    assert None is next(rounds, None)
    assert [
        ("Unavailable", "INFO", False),
        ("RuntimeError", "ERROR", True),
        ("LostRace", "INFO", False),
        ("RuntimeError", "ERROR", True),
    ] == [
        (record.__dict__["error"], record.levelname, bool(record.exc_info))
        for record in caplog.records
    ]
    assert {"test"} == {record.__dict__["work"] for record in caplog.records}


def test_a_thread_that_is_woken_works_at_once() -> None:
    """
    It does not wait for the period; who wakes it during a round gets another one.
    """
    rounds, go_on = [Event() for _ in range(3)], Event()
    left = iter(rounds)

    def work(_: Event) -> None:
        next(left).set()
        assert go_on.wait(WAIT_S)

    with BackgroundThread("test", work, NEVER_S) as thread:
        assert rounds[0].wait(WAIT_S)
        thread.wake()  # while the first round is being done
        go_on.set()
        assert rounds[1].wait(WAIT_S)
        thread.wake()
        assert rounds[2].wait(WAIT_S)


def test_the_thread_ends_with_its_block() -> None:
    """
    It waits no longer, and a round that looks at its event ends early.
    """
    started = Event()

    def work(stopping: Event) -> None:
        started.set()
        stopping.wait(NEVER_S)

    with BackgroundThread("resting", lambda _: None, NEVER_S, NEVER_S):
        with BackgroundThread("busy", work, NEVER_S):
            assert started.wait(WAIT_S)
            assert {"resting", "busy"} <= names()
        assert "busy" not in names()
    assert "resting" not in names()


def test_a_long_round_does_not_hold_the_end_for_long(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The end of the block waits for it for a bounded time, and says so; it is the last one.
    """
    monkeypatch.setattr("mechanic_shop.wiring.background_thread.STOP_S", 0.01)
    started, go_on, rounds = Event(), Event(), list[int]()

    def work(_: Event) -> None:
        rounds.append(1)
        started.set()
        assert go_on.wait(WAIT_S)

    with BackgroundThread("slow", work, 0.0):
        assert started.wait(WAIT_S)
    assert ["background work has not ended yet"] == [record.message for record in caplog.records]

    (slow,) = [thread for thread in threading.enumerate() if thread.name == "slow"]
    go_on.set()
    slow.join(WAIT_S)
    assert ([1], False) == (rounds, slow.is_alive())


def in_child(work: Callable[[], object]) -> int:
    """Run *work* in a forked child; return its exit code, 0 if it raises nothing."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@FORKS
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_goes_on() -> None:
    """
    The thread of a child works when the child wakes it, ends with the block, and not at once.
    """
    worked = Event()
    thread = BackgroundThread("test", lambda _: worked.set(), NEVER_S)

    def use() -> None:
        assert {"MainThread", "test"} == names()
        assert not worked.wait(0.05)
        thread.wake()
        assert worked.wait(WAIT_S)
        thread.__exit__()
        assert {"MainThread"} == names()

    with thread:
        assert worked.wait(WAIT_S)
        worked.clear()
        assert 0 == in_child(use)
        assert "test" in names()


@FORKS
def test_a_thread_that_has_ended_does_not_come_back() -> None:
    """
    A child that is forked after the block has no thread.
    """
    with BackgroundThread("ended", lambda _: None, NEVER_S) as thread:
        pass

    def use() -> None:
        assert "ended" not in names()

    assert 0 == in_child(use)
    assert thread.stopping.is_set()
