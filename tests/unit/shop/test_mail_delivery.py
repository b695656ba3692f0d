"""The thread that delivers mails is woken by requests, and looks at the outbox regularly."""

import logging
from collections.abc import Iterator
from threading import Event
from typing import Final

import pytest
from attrs import define, field

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import ANONYMOUS
from mechanic_core.accounts.password_resets import ResetRequest
from mechanic_core.customers.customer import Registration
from mechanic_core.errors import Unavailable
from mechanic_core.mail.message import Message
from mechanic_core.mail.ports import Mailer
from mechanic_core.mail.use_cases import Deliveries
from mechanic_core.shop import Shop
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.wiring.mail import deliver_regularly
from tests.shops import ManualClock, shop_on
from tests.strategies import sample

WAIT_S: Final = 30.0
NEVER_S: Final = 3600.0
ADA: Final = ResetRequest(email="ada@example.com")


@define(eq=False)
class Mailbox(Mailer):
    """Says when the mail that is awaited has been sent."""

    failures: Iterator[Exception] = field(factory=lambda: iter(()))
    sent: Event = field(factory=Event)

    def send(self, message: Message) -> None:
        """Take a message."""
        for failure in self.failures:
            raise failure
        self.sent.set()

    def await_mail(self) -> None:
        """Wait until a mail was sent, and for the next one from then on."""
        assert self.sent.wait(WAIT_S)
        self.sent.clear()


def shop_with(mailer: Mailer | None) -> Shop:
    """Return a shop with a customer."""
    shop = shop_on(MemoryStore(), ManualClock(), mailer=mailer)
    shop.register_customer(ANONYMOUS, sample(Registration, email=ADA.email))
    return shop


def test_a_request_is_delivered_at_once() -> None:
    """
    A request wakes the thread, which would look at the outbox much later.
    """
    mailbox, metrics = Mailbox(), Metrics()

    with deliver_regularly(shop_with(mailbox), metrics.count_mails, NEVER_S) as shop:
        for _ in range(3):
            shop.request_password_reset(ANONYMOUS, ADA)
            mailbox.await_mail()

    assert b'mechanic_shop_mails_total{outcome="sent"} 3.0' in metrics.render()[0]


def test_mails_of_other_processes_are_delivered() -> None:
    """
    The thread finds what was there before it, and what nobody wakes it for.
    """
    mailbox = Mailbox()
    shop = shop_with(mailbox)
    shop.request_password_reset(ANONYMOUS, ADA)

    with deliver_regularly(shop, period_s=0.001):
        mailbox.await_mail()
        shop.request_password_reset(ANONYMOUS, ADA)
        mailbox.await_mail()


def test_a_failure_does_not_end_the_delivery(caplog: pytest.LogCaptureFixture) -> None:
    """
    After the database was away, or a mistake, other mails are sent.
    """
    mailbox = Mailbox(iter([Unavailable(), RuntimeError("mistake")]))

    with (
        caplog.at_level(logging.INFO),
        deliver_regularly(shop_with(mailbox), period_s=0.001) as shop,
    ):
        for _ in range(3):
            shop.request_password_reset(ANONYMOUS, ADA)
        mailbox.await_mail()

    kinds = [record.__dict__["error"] for record in caplog.records]
    assert ["Unavailable", "RuntimeError"] == kinds


def test_a_shop_without_a_mail_server_has_no_thread() -> None:
    """
    Without a mailer the shop stays as it is.
    """
    shop = shop_with(None)

    with deliver_regularly(shop) as same:
        assert shop is same


def test_a_stop_does_not_wait_for_the_period() -> None:
    """
    The block ends as soon as the thread has ended.
    """
    counted = list[Deliveries]()
    ended = Event()

    def count(deliveries: Deliveries) -> None:
        counted.append(deliveries)
        ended.set()

    shop = shop_with(Mailbox())
    with deliver_regularly(shop, count, NEVER_S):
        assert ended.wait(WAIT_S)

    assert [Deliveries()] == counted
