"""TLS before a server that has none, as PostgreSQL or as Valkey would offer it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Final

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integration.servers import LOOPBACK

_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")
_CHUNK: Final = 65536


@frozen
class Certificate:
    """A certificate for this machine, signed by itself, and its key."""

    file: Path
    key: Path


def new_certificate(folder: Path) -> Certificate:
    """Create a certificate for the loopback address in *folder*."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=shop")
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    found = Certificate(folder / "shop.crt", folder / "shop.key")
    found.file.write_bytes(made.public_bytes(Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    return found


@contextmanager
def tls_before(port: int, certificate: Certificate, *, postgres: bool = False) -> Iterator[int]:
    """Offer TLS before the server at *port*; yield the port with TLS.

    Args:
        port: The port of the server.
        certificate: What it shows.
        postgres: Whether clients first ask for TLS as PostgreSQL's do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client = listener.accept()[0]
                    Thread(target=talk, args=(client,), daemon=True).start()

        def talk(client: socket.socket) -> None:
            with suppress(OSError), client:
                if postgres:
                    if client.recv(len(_SSL_REQUEST)) != _SSL_REQUEST:
                        return
                    client.sendall(b"S")
                with (
                    context.wrap_socket(client, server_side=True) as secured,
                    socket.create_connection((LOOPBACK, port)) as server,
                ):
                    Thread(target=forward, args=(server, secured), daemon=True).start()
                    forward(secured, server)

        def forward(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError, ValueError):
                while read := source.recv(_CHUNK):
                    target.sendall(read)
            with suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

        Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
