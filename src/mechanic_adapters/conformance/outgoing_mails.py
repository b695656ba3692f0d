"""The contracts of `OutgoingMails`, `MailLists` and `EmailHolders`."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    add_account,
    add_customer,
    add_mechanic,
)
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerId
from mechanic_core.mail.outgoing_mail import MailKind, OutgoingMail
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.unit_of_work import Store, Work

EMAIL: Final = "Ada@example.com"
OTHER: Final = "cleo@example.com"
SOON: Final = AT + timedelta(minutes=1)
MUCH_LATER: Final = AT + timedelta(days=2)
MOST: Final = 3


def mail_to(email: str = EMAIL, at: datetime = AT) -> OutgoingMail:
    """Return a new mail."""
    return OutgoingMail.to(email, MailKind.PASSWORD_RESET, at)


def add_mail(store: Store, email: str = EMAIL, at: datetime = AT, most: int = MOST) -> bool:
    """Add a mail in a transaction of its own."""
    with store.begin() as work:
        return work.outgoing_mails.add(mail_to(email, at), most)


def claim(store: Store, at: datetime = AT, until: datetime = MUCH_LATER) -> OutgoingMail | None:
    """Claim a mail in a transaction of its own."""
    with store.begin() as work:
        return work.outgoing_mails.claim(at, until)


def claimed(store: Store, at: datetime = AT, until: datetime = MUCH_LATER) -> OutgoingMail:
    """Return the mail that is due at *at*, claimed."""
    mail = claim(store, at, until)
    assert mail is not None
    return mail


def settle(store: Store, mail: OutgoingMail) -> bool:
    """Settle a mail in a transaction of its own."""
    with store.begin() as work:
        return work.outgoing_mails.settle(mail)


def holders(store: Store, email: str) -> tuple[CustomerId | None, MechanicId | None]:
    """Return who has an address."""
    with store.read_only() as work:
        return work.email_holders.find(email)


def _claimed_one(work: Work) -> OutgoingMail | None:
    work.outgoing_mails.add(mail_to(), MOST)
    return work.outgoing_mails.claim(AT, LATER)


def _settle_one(work: Work) -> None:
    mail = _claimed_one(work)
    assert mail is not None
    assert work.outgoing_mails.settle(mail.finish(LATER))


def _forget_one(work: Work) -> None:
    work.outgoing_mails.add(mail_to(), MOST)
    work.outgoing_mails.forget(EMAIL)


WRITES: Final = (
    Write(
        "outgoing_mails.add",
        lambda work, _: work.outgoing_mails.add(mail_to(), MOST),
        "outgoing_mails",
    ),
    Write("outgoing_mails.claim", lambda work, _: _claimed_one(work), "outgoing_mails"),
    Write("outgoing_mails.settle", lambda work, _: _settle_one(work), "outgoing_mails"),
    Write(
        "outgoing_mails.forget",
        lambda work, _: _forget_one(work),
        "outgoing_mails",
    ),
)


class TestOutgoingMails:
    """The outbox."""

    def test_gives_out_what_was_added(self, store: Store) -> None:
        """A mail is claimed as it was written down, with one attempt and the end of its claim."""
        assert add_mail(store)

        mail = claimed(store)

        assert evolve(mail_to(), id=mail.id, due_at=MUCH_LATER, attempts=1) == mail

    def test_gives_out_the_oldest_that_is_due(self, store: Store) -> None:
        """Mails are given out in the order in which they are due, and not before."""
        add_mail(store, OTHER, SOON)
        add_mail(store, EMAIL, AT)

        assert claim(store, AT - timedelta(microseconds=1)) is None
        found = [claim(store, SOON) for _ in range(3)]

        assert ["ada@example.com", OTHER, None] == [one and one.email_key for one in found]

    def test_gives_out_each_once(self, store: Store) -> None:
        """Of many that claim at once, each gets another mail, or none."""
        for number in range(4):
            add_mail(store, f"c{number}@example.com")

        found = in_parallel(*[partial(claim, store)] * 8)

        keys = [one.email_key for one in found if isinstance(one, OutgoingMail)]
        assert sorted({*keys}) == sorted(keys)
        # One that another transaction is claiming is left to it, so that some may have found none.
        keys += [claimed(store).email_key for _ in range(4 - len(keys))]
        assert [f"c{number}@example.com" for number in range(4)] == sorted(keys)
        assert claim(store) is None

    def test_gives_out_again_what_was_not_settled(self, store: Store) -> None:
        """The end of a claim makes a mail due again: who had claimed it may have been killed."""
        add_mail(store)
        first = claimed(store, AT, LATER)

        second = claimed(store, LATER)

        assert (first.id, 2) == (second.id, second.attempts)

    def test_a_finished_mail_is_not_due(self, store: Store) -> None:
        """What was sent is never given out again, and what was postponed is when it is due."""
        add_mail(store)
        add_mail(store, OTHER)
        first, second = claimed(store), claimed(store)

        assert [True, True] == [
            settle(store, first.finish(SOON)),
            settle(store, evolve(second, due_at=LATER + timedelta(hours=1))),
        ]

        assert claim(store, LATER) is None
        assert OTHER == claimed(store, LATER + timedelta(hours=1)).email_key
        assert claim(store, LATER + timedelta(hours=1)) is None

    def test_a_claim_ends_the_one_before(self, store: Store) -> None:
        """Who was too slow does not settle a mail that another one has claimed since."""
        add_mail(store)
        slow = claimed(store, AT, LATER)
        quick = claimed(store, LATER)

        assert [False, True] == [settle(store, one.finish(LATER)) for one in (slow, quick)]

    def test_an_address_gets_no_more_than_allowed(self, store: Store) -> None:
        """Mails to an address count, in any case, until they expire; those to others do not."""
        spellings = [EMAIL, EMAIL.upper(), EMAIL.lower(), EMAIL]

        assert [True, True, True, False] == [add_mail(store, one) for one in spellings]

        assert add_mail(store, OTHER)
        assert not add_mail(store, at=AT + timedelta(days=3))
        done = claimed(store).finish(SOON)
        assert settle(store, done)
        assert [False, True, False] == [
            add_mail(store, at=at)
            for at in (done.expires_at - timedelta(microseconds=1), *[done.expires_at] * 2)
        ]

    def test_many_at_once_get_no_more_than_allowed(self, store: Store) -> None:
        """Of many requests at the same time as many as allowed are written down."""
        added = in_parallel(*[partial(add_mail, store)] * 12)

        assert (MOST, 12 - MOST) == (added.count(True), added.count(False))

    def test_forgets_an_address(self, store: Store) -> None:
        """All mails to an address are deleted, in any case, and no others."""
        add_mail(store)
        add_mail(store, at=SOON)
        add_mail(store, OTHER, LATER)

        with store.begin() as work:
            work.outgoing_mails.forget(EMAIL.upper())

        assert OTHER == claimed(store, LATER).email_key
        assert claim(store, LATER) is None

    def test_sweeps_the_oldest(self, store: Store) -> None:
        """Mails that have expired are deleted, the oldest first, and no others."""
        moments = [AT, SOON, LATER]
        for at in moments:
            add_mail(store, at=at)
        before = mail_to(at=LATER).expires_at

        swept = []
        for limit in (1, 9):
            with store.begin() as work:
                swept.append(work.outgoing_mails.sweep(before, limit))

        assert [1, 1] == swept
        assert LATER == claimed(store, LATER).asked_at
        assert claim(store, LATER) is None


class TestMailLists:
    """Lists of mails."""

    def test_lists_those_to_an_address(self, store: Store) -> None:
        """The oldest come first, in any case, those that were sent too; there may be none."""
        for at in (AT, SOON):
            add_mail(store, at=at)
            add_mail(store, OTHER, at)
        sent = claimed(store).finish(SOON)
        assert settle(store, sent)

        with store.read_only() as work:
            first, second = work.mail_lists.to(EMAIL.upper())
            none = [*work.mail_lists.to("nobody@example.com")]

        assert sent == first
        assert evolve(mail_to(at=SOON), id=second.id) == second
        assert [] == none


class TestEmailHolders:
    """The people who may get mail at an address."""

    def test_finds_customer_and_mechanic(self, store: Store) -> None:
        """Both are found by one address, in any case, with or without an account."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        add_account(store, Role.MECHANIC, bo.id)
        zelda = add_customer(store, email=OTHER)

        assert (ada.id, bo.id) == holders(store, EMAIL.upper())
        assert (zelda.id, None) == holders(store, OTHER)
        assert (None, None) == holders(store, "nobody@example.com")

    @pytest.mark.parametrize("active", [False, True])
    def test_leaves_out_who_has_left(self, store: Store, *, active: bool) -> None:
        """Erased customers and inactive mechanics get no mail."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.mechanics.save(evolve(bo, active=active))

        assert (None, bo.id if active else None) == holders(store, EMAIL)
