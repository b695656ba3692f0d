"""Parsers of settings: the text of a variable becomes a checked value, and back.

What a key, a rate or the address of a store may be is each adapter's own rule. Adapters are
imported only when such a variable is set, so that `mechanic-shop config` starts at once.
"""

from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

from attrs import frozen

from mechanic_core.rules import first_violation, rules_of
from mechanic_core.texts import clean_email
from mechanic_core.values import Email

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_LONGEST_PATH: Final = 1024

Network: TypeAlias = IPv4Network | IPv6Network


@frozen
class Parser(Generic[T]):
    """How the text of a variable becomes a value.

    Attributes:
        accepts: What the variable may be, for people.
        parse: Returns the value; raises `ValueError` for any other text.
        format: Returns the text of a value.
        empty_is_value: Whether an empty text is a value instead of "not set".
    """

    accepts: str
    parse: Callable[[str], T]
    format: Callable[[T], str] = str
    empty_is_value: bool = False


def choice_of(choices: type[Choice]) -> Parser[Choice]:
    """Accept one of a few words in any case."""
    by_name = {choice.value.casefold(): choice for choice in choices}

    def parse(text: str) -> Choice:
        if text.casefold() not in by_name:
            raise ValueError(text)
        return by_name[text.casefold()]

    return Parser(" or ".join(f"`{choice}`" for choice in choices), parse)


def whole_number(least: int, most: int) -> Parser[int]:
    """Accept a whole number from *least* to *most*."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return Parser(f"a whole number from {least} to {most}", parse)


def list_of(member: Parser[T]) -> Parser[tuple[T, ...]]:
    """Accept several values separated by commas."""
    return Parser(
        f"{member.accepts}; separate several with commas",
        lambda text: tuple(member.parse(part.strip()) for part in text.split(",") if part.strip()),
        lambda values: ",".join(map(member.format, values)),
    )


_BOOLEANS: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)


def _boolean(text: str) -> bool:
    if text.casefold() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.casefold()]


def is_long_enough(secret: str) -> bool:
    """Return whether *secret* has the length that signing requires (RFC 7518, section 3.2)."""
    from mechanic_adapters.security.signing_keys import (  # noqa: PLC0415 - see above
        MIN_SECRET_BYTES,
    )

    return len(secret.encode()) >= MIN_SECRET_BYTES


def _secret(text: str) -> str:
    if not is_long_enough(text):
        raise ValueError
    return text


def _pem_file(text: str) -> Path:
    # A key instead of its path would be shown as one.
    if "-----" in text or not text.isprintable() or len(text) > _LONGEST_PATH:
        raise ValueError
    return Path(text)


def _rate(text: str) -> str:
    from mechanic_adapters.rate_limits.quota import RateLimit  # noqa: PLC0415 - see above

    RateLimit.parse(text)
    return text.casefold()


def _database_url(text: str) -> str:
    from mechanic_adapters.sql.engine.engines import database_url  # noqa: PLC0415 - see above

    return f"{database_url(text).get_backend_name()}:{text.partition(':')[2]}"


def _redis_url(text: str) -> str:
    from mechanic_adapters.resilience.redis_connections import (  # noqa: PLC0415 - see above
        require_redis_url,
    )

    return require_redis_url(text)


def _storage_url(text: str) -> str:
    return text if text == "memory://" else _redis_url(text)


def _origin(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port  # raises `ValueError` for a port that is not a number
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(text)
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError(text)
    return text.lower()


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError(text)
    return _origin(f"{parts.scheme}://{parts.netloc}") + parts.path.rstrip("/")


def _smtp_url(text: str) -> str:
    from mechanic_adapters.mail.smtp_server import SmtpServer  # noqa: PLC0415 - see above

    SmtpServer.parse(text)
    return text


def _email(text: str) -> str:
    clean = clean_email(text)
    if first_violation(rules_of(Email), clean):
        raise ValueError(text)
    return clean


def _network(text: str) -> Network:
    return ip_network(text)


def _prefix(text: str) -> str:
    from mechanic_http.middleware.public_prefix import read_prefix  # noqa: PLC0415 - see above

    return read_prefix(text)


BOOLEAN: Final = Parser("`true` or `false`", _boolean, lambda value: str(value).lower())
SECRET: Final = Parser("a random text of 32 bytes or more", _secret)
SECRET_OR_FILE: Final = Parser[str]("a secret or a path", str)
PEM_FILE: Final = Parser("the path of a PEM file", _pem_file)
RATE: Final = Parser("a rate such as `100/minute`; empty turns it off", _rate, empty_is_value=True)
_ENCODED: Final = (
    "percent-encode special characters in the password (`@` is `%40`, `#` is `%23`, `/` is `%2F`)"
)
DATABASE_URL: Final = Parser(
    "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`, with several hosts "
    f"`postgresql://HOST1:PORT,HOST2:PORT/NAME?target_session_attrs=read-write`; {_ENCODED}",
    _database_url,
)
REDIS_URL: Final = Parser(
    "`redis://HOST:PORT/NUMBER` (with TLS `rediss://…`), `unix:///SOCKET`, "
    "`redis+sentinel://HOST:PORT,HOST:PORT/NAME` or `redis+cluster://HOST:PORT`, or the same with "
    f"`valkey`; {_ENCODED}",
    _redis_url,
)
STORAGE_URL: Final = Parser(f"`memory://` or {REDIS_URL.accepts}", _storage_url)
ORIGIN: Final = Parser("an origin such as `https://shop.example`", _origin)
PREFIX: Final = Parser(
    "a path such as `/shop`, of letters, digits and `.`, `_`, `~`, `-` between its slashes", _prefix
)
PUBLIC_URL: Final = Parser("an address such as `https://shop.example`", _public_url)
SMTP_URL: Final = Parser(
    "`smtp://USER:PASSWORD@HOST:587?starttls=true`, or `smtps://…` for TLS from the start; without "
    "a login `smtp://HOST`; percent-encode special characters in the password",
    _smtp_url,
)
EMAIL: Final = Parser("an e-mail address such as `desk@shop.example`", _email)
NETWORK: Final = Parser("an address or network such as `10.0.0.0/8`", _network)
