"""The address of an SMTP server, with what is needed to log in to it."""

from enum import StrEnum
from typing import Final, Self, final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen


class Encryption(StrEnum):
    """How the connection is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


_PORTS: Final = {Encryption.NONE: 25, Encryption.STARTTLS: 587, Encryption.TLS: 465}
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@final
@frozen(kw_only=True)
class SmtpServer:
    """An SMTP server; *user* and *password* are both set, or neither is."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the server at ``smtp://user:pass@host:587?starttls=true`` or ``smtps://…``.

        The text of the `ValueError` for any other URL does not quote it.
        """
        parts = urlsplit(url)
        if not url.isprintable() or " " in url or parts.fragment or parts.path not in {"", "/"}:
            raise ValueError("not an SMTP URL")
        if not parts.hostname or (parts.username is None) != (parts.password is None):
            raise ValueError("an SMTP URL has a host, and a user and a password or neither")
        encryption = _encryption_of(parts.scheme, parts.query)
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[encryption],
            encryption=encryption,
            user=_credential(parts.username),
            password=_credential(parts.password),
        )


def _encryption_of(scheme: str, query: str) -> Encryption:
    options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    starttls = _BOOLEANS.get(options.pop("starttls", "false").lower())
    if options or starttls is None:
        raise ValueError("an SMTP URL has no parameter but starttls, which is true or false")
    if scheme == "smtps" and not starttls:
        return Encryption.TLS
    if scheme != "smtp":
        raise ValueError("an SMTP URL begins with smtp:// or smtps://, which has no starttls")
    return Encryption.STARTTLS if starttls else Encryption.NONE


def _credential(text: str | None) -> str | None:
    """Return a user or password without percent-encoding; AUTH takes visible ASCII here."""
    if text is None:
        return None
    plain = unquote(text, errors="strict")
    if not (plain and plain.isascii() and plain.isprintable()):
        raise ValueError("the user and the password must be visible ASCII")
    return plain
