"""Mail over SMTP, by the standard library's client."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from threading import Timer
from typing import Any, Final, final

from attrs import field, frozen

from mechanic_adapters.mail.smtp_server import Encryption, SmtpServer
from mechanic_core.mail.message import Message
from mechanic_core.mail.ports import Mailer, MailerAway, MessageRefused
from mechanic_core.values import Clock

TIMEOUT_S: Final = 10.0
"""How long one read or write may take."""

DEADLINE_S: Final = 60.0
"""How long a connection is left open, however slowly the server goes on answering."""

_PERMANENT: Final = range(500, 600)
_NOT_LOGGED_IN: Final = frozenset({530, 534, 535, 538})
"""Replies about the login (RFC 4954): the next message would get them too."""


class _Client(smtplib.SMTP):
    """A client whose connection ends after *deadline_s*, whatever the server does.

    Its own time-out is for one read or write: a server that sends a byte now and then has no end.
    """

    def __init__(self, *args: Any, deadline_s: float, **options: Any) -> None:
        self._deadline = Timer(deadline_s, self._shut_down)
        self._deadline.daemon = True
        self._deadline.start()
        try:
            super().__init__(*args, **options)
        except BaseException:
            self._deadline.cancel()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._deadline.cancel()
        super().close()

    def _shut_down(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # under TLS too


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """A client of a server that speaks TLS from the start."""


@final
@frozen(eq=False)
class SmtpMailer(Mailer):
    """Sends each message over a connection of its own.

    Attributes:
        server: The mail server.
        sender: The address that messages are from.
        now: The clock.
        tls: Returns what certificates are verified by.
        timeout_s: The longest wait for one answer.
        deadline_s: The longest life of a connection.
    """

    server: SmtpServer
    sender: str
    now: Clock
    tls: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
    timeout_s: float = TIMEOUT_S
    deadline_s: float = DEADLINE_S

    def send(self, message: Message) -> None:
        """Send *message*; return when the server has taken it."""
        try:
            with self._connected() as client:
                self._log_in(client)
                self._hand_over(client, message)
        except (OSError, UnicodeError) as error:  # smtplib's errors are kinds of OSError
            raise MailerAway(_describe(error)) from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server, domain = self.server, _domain_of(self.sender)
        limits = {"timeout": self.timeout_s, "deadline_s": self.deadline_s}
        client = (
            _TlsClient(server.host, server.port, domain, context=self.tls(), **limits)
            if server.encryption is Encryption.TLS
            else _Client(server.host, server.port, domain, **limits)
        )
        try:
            yield client
            with suppress(OSError):  # the message has been taken
                client.quit()
        finally:
            client.close()

    def _log_in(self, client: smtplib.SMTP) -> None:
        server = self.server
        if server.encryption is Encryption.STARTTLS:
            client.starttls(context=self.tls())
        if server.user is not None and server.password is not None:
            client.login(server.user, server.password)

    def _hand_over(self, client: smtplib.SMTP, message: Message) -> None:
        """Send *message*; raise `MessageRefused` if the server will never take it."""
        try:
            content = self.compose(message)
            client.send_message(content, self.sender, [message.to])
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _),) = refused.recipients.values()
            raise _meaning(refused, code) from None
        except smtplib.SMTPDataError as refused:
            raise _meaning(refused, refused.smtp_code) from None
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            raise MessageRefused(
                f"the address cannot be written ({type(error).__name__})"
            ) from None

    def compose(self, message: Message) -> EmailMessage:
        """Return *message* with all headers. Raises `ValueError` for a line break in one."""
        content = EmailMessage(policy.SMTP)
        content["From"] = Address(message.sender_name, *self.sender.rsplit("@", 1))
        content["To"] = Address("", *message.to.rsplit("@", 1))
        if message.reply_to is not None:
            content["Reply-To"] = Address("", *message.reply_to.rsplit("@", 1))
        content["Subject"] = message.subject
        content["Date"] = format_datetime(self.now())
        content["Message-ID"] = make_msgid(domain=_domain_of(self.sender))
        content["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
        is_plain = message.text.isascii()
        content.set_content(message.text, cte="7bit" if is_plain else "quoted-printable")
        return content


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _meaning(refused: smtplib.SMTPException, code: int) -> MessageRefused | MailerAway:
    """Return what a refusal of one message with a reply *code* means."""
    is_final = code in _PERMANENT and code not in _NOT_LOGGED_IN
    return (MessageRefused if is_final else MailerAway)(f"{type(refused).__name__} {code}")


def _describe(error: Exception) -> str:
    """Return the kind of *error* without its text, which may quote an address or a login."""
    kind = type(error).__name__
    match error:
        case smtplib.SMTPResponseException():
            return f"{kind} {error.smtp_code}"
        case ssl.SSLCertVerificationError():
            return f"{kind}: {error.verify_message}"
        case _:
            return kind
