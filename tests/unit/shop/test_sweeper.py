"""The sweeper deletes what has expired, in small batches, while the shop runs."""

import logging
from datetime import datetime, timedelta
from threading import Event

import pytest

from mechanic_adapters.conformance.samples.estimates import new_link
from mechanic_adapters.conformance.samples.records import (
    AT,
    LIFE,
    add_customer,
    add_session,
    add_ticket,
    new_session,
)
from mechanic_adapters.memory import MemoryStore
from mechanic_core.errors import Unavailable
from mechanic_core.estimates.approval_links import RECEIPT_LIFE
from mechanic_core.idempotency import EXPIRY, StoredAnswer
from mechanic_core.mail.outgoing_mail import PATIENCE, WINDOW, MailKind, OutgoingMail
from mechanic_core.unit_of_work import Store
from mechanic_shop.wiring.sweeper import (
    PERIOD_S,
    Sweeper,
    Swept,
    sweep_regularly,
)

WAIT_S = 30.0
NEVER_S = 36000.0
TOKEN_LIFE = timedelta(minutes=30)
SOON = timedelta(minutes=1)
LONG_AFTER = AT + LIFE + timedelta(days=1)


def add_answers(store: Store, count: int) -> None:
    """Store *count* answers at `AT`."""
    with store.begin() as work:
        for number in range(count):
            answer = StoredAnswer(
                key=f"k{number}", fingerprint="", content=b"", about=frozenset(), at=AT
            )
            work.stored_answers.add(answer)


def sweep(store: Store, at: datetime, batch: int = 10) -> Swept:
    """Sweep once, as of *at*."""
    return Sweeper(store, lambda: at, TOKEN_LIFE, batch=batch).sweep()


def test_answers_are_swept_when_they_have_expired() -> None:
    """
    An answer goes after a day, and not before.
    """
    store = MemoryStore()
    add_answers(store, 3)

    assert Swept() == sweep(store, AT + EXPIRY)
    assert Swept(answers=3) == sweep(store, AT + EXPIRY + SOON)


def test_sessions_are_swept_when_no_token_of_theirs_is_valid() -> None:
    """
    A session goes when its refresh token and any access token of it have expired for an hour.
    """
    store = MemoryStore()
    add_session(store, new_session(add_customer(store).id))
    expired = AT + LIFE + TOKEN_LIFE + timedelta(hours=1)

    assert Swept() == sweep(store, expired)
    assert Swept(sessions=2) == sweep(store, expired + SOON)


def test_links_to_estimates_are_swept_long_after_they_have_expired() -> None:
    """
    A link that was used is a receipt: it goes ninety days after it has expired.
    """
    store = MemoryStore()
    ticket = add_ticket(store, add_customer(store))
    with store.begin() as work:
        link = work.approval_links.start(new_link(ticket))

    assert 0 == sweep(store, link.expires_at + RECEIPT_LIFE).sessions
    assert 1 == sweep(store, link.expires_at + RECEIPT_LIFE + SOON).sessions


def test_old_events_are_swept() -> None:
    """
    Events go after thirty days, numbered or not, in batches; positions go on.
    """
    store = MemoryStore()
    for _ in range(25):
        add_customer(store)
    month = timedelta(days=30)

    assert [Swept(), Swept(events=25)] == [
        sweep(store, AT + month),
        sweep(store, AT + month + SOON),
    ]
    with store.read_only() as work:
        batch = work.events.after(0, 1)
    assert (26, 25) == (batch.first, batch.last)


def test_mails_are_swept_when_they_no_longer_count() -> None:
    """
    A mail goes when it is too old to be tried, and one that was sent an hour afterwards.
    """
    store, mail = MemoryStore(), OutgoingMail.to("ada@example.com", MailKind.PASSWORD_RESET, AT)
    with store.begin() as work:
        for _ in range(2):
            work.outgoing_mails.add(mail, 3)
        claimed = work.outgoing_mails.claim(AT, LONG_AFTER)
        assert claimed is not None
        work.outgoing_mails.settle(claimed.finish(AT))
    margin = timedelta(hours=1)

    assert Swept() == sweep(store, AT + WINDOW + margin)
    assert Swept(mails=1) == sweep(store, AT + WINDOW + margin + SOON)
    assert Swept() == sweep(store, AT + PATIENCE + margin)
    assert Swept(mails=1) == sweep(store, mail.expires_at + margin + SOON)


def test_many_are_swept_in_batches() -> None:
    """
    No transaction deletes more than a batch, and others can write between two of them.
    """
    store, left, pauses = MemoryStore(), list[int](), list[float]()
    add_answers(store, 25)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        with store.begin() as work:  # another writer
            left.append(sum(work.stored_answers.claim(f"k{n}", AT) is not None for n in range(25)))

    swept = Sweeper(store, lambda: LONG_AFTER, TOKEN_LIFE, batch=10).sweep(pause)

    assert Swept(answers=25) == swept
    assert [15, 5] == left
    assert all(seconds > 0 for seconds in pauses)


def test_a_stop_between_two_batches_leaves_the_rest() -> None:
    """
    A process that stops does not wait until all is swept.
    """
    store = MemoryStore()
    add_answers(store, 25)

    swept = Sweeper(store, lambda: LONG_AFTER, TOKEN_LIFE, batch=10).sweep(lambda _: True)

    assert (Swept(answers=10), Swept(answers=15)) == (swept, sweep(store, LONG_AFTER))


def test_the_sweeper_runs_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    """
    Its thread sweeps what expires later too, also after the database was away, or a mistake.
    """
    store, rounds = MemoryStore(), iter([Unavailable(), RuntimeError("mistake")])
    swept = [Event(), Event()]
    waiting = iter(swept)

    def now() -> datetime:
        for failure in rounds:
            raise failure
        return LONG_AFTER

    def note(_: frozenset[str]) -> None:
        with store.read_only() as work:
            gone = work.stored_answers.claim("k0", AT) is None
        if gone:
            next(waiting, Event()).set()

    add_answers(store, 1)
    store.subscribe(note)
    with caplog.at_level(logging.INFO), sweep_regularly(Sweeper(store, now, TOKEN_LIFE), 0.001):
        assert swept[0].wait(WAIT_S)
        add_answers(store, 1)
        assert swept[1].wait(WAIT_S)

    kinds = [record.__dict__["error"] for record in caplog.records]
    assert ["Unavailable", "RuntimeError"] == kinds


def test_counters_are_folded_between_two_sweeps() -> None:
    """
    The counters of a store that has some are folded more often than it is swept.
    """
    folded = Event()
    sweeper = Sweeper(MemoryStore(), lambda: AT, TOKEN_LIFE, fold=folded.set)

    with sweep_regularly(sweeper, NEVER_S, 0.001):
        assert folded.wait(WAIT_S)


def test_a_sweep_folds_counters_too() -> None:
    """
    `db sweep`, which sweeps once, folds once.
    """
    folds = []
    Sweeper(MemoryStore(), lambda: AT, TOKEN_LIFE, fold=lambda: folds.append(1)).sweep()

    assert [1] == folds


def test_an_expired_answer_is_gone_ten_minutes_later() -> None:
    """
    The longest wait between two runs is less than ten minutes.
    """
    assert 1.2 * PERIOD_S < 600
