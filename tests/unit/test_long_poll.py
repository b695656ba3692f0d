"""Long polling wakes waiting requests, a bounded number of them."""

import time
from threading import Event, Thread

from mechanic_adapters.resilience.long_poll import LongPoll

LONG_S = 30.0
SHORT_S = 0.01


def test_does_not_wait_without_seconds() -> None:
    """
    Who does not want to wait is never woken.
    """
    assert [] == [*LongPoll(1).wakeups(0)]


def test_wakes_after_a_commit() -> None:
    """
    A commit after the call wakes at once, also one that came before the wait began.
    """
    long_poll = LongPoll(1, poll_s=LONG_S)
    wakeups = long_poll.wakeups(LONG_S)
    long_poll.notify((1,))

    started = time.monotonic()
    assert next(wakeups)
    assert time.monotonic() - started < LONG_S / 2


def test_wakes_regularly_for_other_processes() -> None:
    """
    Without a commit here it wakes each period, since another process may have committed.
    """
    wakeups = LongPoll(1, poll_s=SHORT_S).wakeups(LONG_S)

    assert [True, True] == [next(wakeups), next(wakeups)]


def test_ends_after_the_seconds() -> None:
    """
    The wait ends in time, with a last look.
    """
    assert [True] == [*LongPoll(1, poll_s=LONG_S).wakeups(SHORT_S)]


def test_bounds_who_waits() -> None:
    """
    When all places are taken the next is not made to wait; a place is free again afterwards.
    """
    long_poll = LongPoll(1, poll_s=SHORT_S)
    first = long_poll.wakeups(LONG_S)
    next(first)

    assert [] == [*long_poll.wakeups(LONG_S)]
    first.close()
    assert next(long_poll.wakeups(LONG_S))


def test_a_shutdown_ends_waits() -> None:
    """
    Once the server stops nobody waits any longer.
    """
    stopping, ended = Event(), Event()
    long_poll = LongPoll(1, stopping.is_set, poll_s=SHORT_S)

    def wait() -> None:
        for _ in long_poll.wakeups(LONG_S):
            pass
        ended.set()

    Thread(target=wait, daemon=True).start()
    assert not ended.wait(5 * SHORT_S)
    stopping.set()
    assert ended.wait(LONG_S)
