"""The settings of mail, and of the links in it."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from mechanic_shop.settings.parsers import EMAIL, PUBLIC_URL, SMTP_URL
from mechanic_shop.settings.variables import Variable

PublicUrl = Annotated[
    str | None,
    Variable("The address that people reach the shop at; links begin with it", PUBLIC_URL),
]

SmtpUrl = Annotated[
    str | None,
    Variable(
        "The mail server that sends a link to people who have forgotten their password. Without "
        "`starttls=true` or `smtps` the login is sent in the clear. Needs `PUBLIC_URL`",
        SMTP_URL,
        default="none: no mail goes out",
    ),
]

MailFrom = Annotated[
    str | None,
    Variable(
        "The address that mail comes from",
        EMAIL,
        default="`no-reply@` and the host of `PUBLIC_URL`",
    ),
]


def sender_at(public_url: str | None) -> str | None:
    """Return the address that mail comes from by default, if the host can have one."""
    host = urlsplit(public_url or "").hostname
    try:
        return EMAIL.parse(f"no-reply@{host}") if host else None
    except ValueError:
        return None


def mail_conflicts(
    smtp_url: str | None, public_url: str | None, mail_from: str | None
) -> Iterator[str]:
    """Yield a sentence for what is missing to send mail."""
    if smtp_url is not None and public_url is None:
        yield "PUBLIC_URL is required when SMTP_URL is set: links in mails begin with it"
    elif smtp_url is not None and mail_from is None:
        yield "MAIL_FROM is required when SMTP_URL is set and no name is the host of PUBLIC_URL"
