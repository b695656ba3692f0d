"""Mail: the mailer that the settings name, and the thread that delivers what is in the outbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

from attrs import evolve

from mechanic_adapters.mail.smtp_mailer import SmtpMailer
from mechanic_adapters.mail.smtp_server import SmtpServer
from mechanic_core.access import SYSTEM
from mechanic_core.mail.ports import Mailer
from mechanic_core.mail.use_cases import Deliveries
from mechanic_core.shop import Shop
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.background_thread import BackgroundThread
from mechanic_shop.wiring.clock import utc_now

PERIOD_S: Final = 30.0
"""The mean time between two looks at the outbox of a process that nobody wakes.

It finds mails that are due again, and those of processes that were killed.
"""


def create_mailer(settings: Settings) -> Mailer | None:
    """Return what sends mail as *settings* say, or None."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return SmtpMailer(SmtpServer.parse(settings.smtp_url), settings.mail_from, utc_now)


def ignore_deliveries(_: Deliveries) -> None:
    """Count nothing."""


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

    def deliver(stopping: Event) -> None:
        count(shop.deliver_mails(SYSTEM, stopping.is_set))

    with BackgroundThread("mail", deliver, period_s) as thread:
        yield evolve(
            shop,
            request_password_reset=evolve(shop.request_password_reset, wake=thread.wake),
            issue_approval_link=evolve(shop.issue_approval_link, wake=thread.wake),
        )
