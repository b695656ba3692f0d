"""Mail: the mailer that the settings name, and the thread that delivers what is in the outbox."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.mail.smtp_mailer import SmtpMailer
from mechanic_adapters.mail.smtp_server import SmtpServer
from mechanic_core.access import SYSTEM
from mechanic_core.errors import Unavailable
from mechanic_core.mail.ports import Mailer
from mechanic_core.mail.use_cases import Deliveries, DeliverMails
from mechanic_core.shop import Shop
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.clock import utc_now

PERIOD_S: Final = 30.0
"""The mean time between two looks at the outbox of a process that nobody wakes.

It finds mails that are due again, and those of processes that were killed.
"""

_JITTER: Final = 0.2
_JOIN_S: Final = 1.0

_log: Final = logging.getLogger(__name__)


def create_mailer(settings: Settings) -> Mailer | None:
    """Return what sends mail as *settings* say, or None."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return SmtpMailer(SmtpServer.parse(settings.smtp_url), settings.mail_from, utc_now)


def ignore_deliveries(_: Deliveries) -> None:
    """Count nothing."""


@final
@frozen(eq=False)
class MailDelivery:
    """Delivers mails in a thread of its own: when it is woken, and regularly."""

    deliver: DeliverMails
    count: Callable[[Deliveries], None]
    woken: Event
    stopping: Event

    def run(self, period_s: float) -> None:
        """Deliver what is due, at once and then again and again, until *stopping* is set."""
        while True:
            self.woken.clear()  # first: a request or a stop from here on sets it again
            if self.stopping.is_set():
                return
            try:
                self.count(self.deliver(SYSTEM, self.stopping.is_set))
            except Unavailable:  # or read-only: the next look may succeed
                _log.info("mails could not be read")
            except Exception:  # noqa: BLE001 - the next look may succeed
                _log.exception("delivering mails failed")
            self.woken.wait(period_s * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret

    def stop(self) -> None:
        """End `run` after the mail that is being sent."""
        self.stopping.set()
        self.woken.set()


@contextmanager
def deliver_regularly(
    shop: Shop,
    count: Callable[[Deliveries], None] = ignore_deliveries,
    period_s: float = PERIOD_S,
) -> Iterator[Shop]:
    """Deliver the mails of *shop* within the block; yield it so that a request wakes the thread.

    A shop without a mailer is yielded as it is.
    """
    if shop.deliver_mails.mailer is None:
        yield shop
        return
    delivery = MailDelivery(shop.deliver_mails, count, Event(), Event())
    thread = Thread(target=delivery.run, args=(period_s,), name="mail", daemon=True)
    thread.start()
    try:
        yield evolve(
            shop,
            request_password_reset=evolve(shop.request_password_reset, wake=delivery.woken.set),
        )
    finally:
        delivery.stop()
        thread.join(_JOIN_S)
