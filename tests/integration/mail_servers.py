"""Mail servers: a real one in a thread, one that is silent, and one that never ends."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.integration.sockets import LOOPBACK, PATIENCE_S, free_port

USER: Final = "desk@shop.example"
PASSWORD: Final = "mail p@ss"


@define(eq=False)
class Inbox:
    """What a mail server has received; its replies can be set."""

    recipient_reply: str = "250 OK"
    data_reply: str = "250 OK"
    received: list[Envelope] = field(factory=list)
    logins: list[tuple[bytes, bytes]] = field(factory=list)
    _changed: Condition = field(factory=Condition)

    async def handle_RCPT(  # noqa: N802 - the server calls it by this name, with these
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take a recipient, or not."""
        if self.recipient_reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(  # noqa: N802 - the server calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a message, or not."""
        if self.data_reply.startswith("250"):
            with self._changed:
                self.received.append(envelope)
                self._changed.notify_all()
        return self.data_reply

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let one user in."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        is_right = self.logins[-1] == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    def messages(self, least: int = 0) -> list[EmailMessage]:
        """Return all messages, once there are at least so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= least, PATIENCE_S)
        return [_parsed(envelope) for envelope in self.received]

    def tokens(self, least: int = 1) -> list[str]:
        """Return the tokens in all messages."""
        texts = "".join(message.get_content() for message in self.messages(least))
        return re.findall(r"/r/(\S+)", texts)


def _parsed(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content, policy=policy.default)


@frozen
class Certificate:
    """A self-signed certificate of the loopback address."""

    path: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificate":
        """Make one, with its key in the same file."""
        key, name = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")]),
        )
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
            )
            .sign(key, SHA256())
        )
        path = folder / "mail.pem"
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        return cls(path)

    @property
    def server_side(self) -> ssl.SSLContext:
        """What a server shows it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context

    def client_side(self) -> ssl.SSLContext:
        """Return what trusts it."""
        return ssl.create_default_context(cafile=self.path)


@contextmanager
def mail_server(inbox: Inbox, port: int | None = None, **options: Any) -> Iterator[int]:
    """Run a mail server for *inbox* and yield its port; *options* are those of the library."""
    controller = Controller(inbox, hostname=LOOPBACK, port=port or free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def silent_server(port: int = 0) -> Iterator[tuple[int, Event]]:
    """Accept connections and send nothing; yield the port, and what the first one sets."""
    with _tcp_server(port, lambda _: None) as opened:
        yield opened


@contextmanager
def endless_server() -> Iterator[int]:
    """Send a greeting of which more and more lines follow; yield the port."""

    def talk(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"220-wait\r\n")

    with _tcp_server(0, talk) as (port, _):
        yield port


@contextmanager
def _tcp_server(port: int, serve: Callable[[socket.socket], None]) -> Iterator[tuple[int, Event]]:
    accepted, connections = Event(), list[socket.socket]()
    listener = socket.create_server((LOOPBACK, port))

    def accept() -> None:
        with suppress(OSError):
            while True:
                connections.append(listener.accept()[0])
                accepted.set()
                serve(connections[-1])

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], accepted
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            connection.close()
        thread.join(PATIENCE_S)
