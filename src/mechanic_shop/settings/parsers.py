"""Kinds of settings: how the text of a variable becomes a value, and back."""

import re
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

from attrs import frozen

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

Network: TypeAlias = IPv4Network | IPv6Network

KEY_BYTES: Final = 32
"""The fewest bytes that a key may have (RFC 7518, section 3.2)."""


@frozen
class Kind(Generic[T]):
    """What a variable takes, for people, and how its text is read and written.

    *parse* raises `ValueError` for what the variable does not take. *off* tells that the empty
    text is a value of its own, not a variable left unset.
    """

    takes: str
    parse: Callable[[str], T]
    write: Callable[[T], str] = str
    off: bool = False


def one_of(choices: type[Choice]) -> Kind[Choice]:
    """Take one of a few words, in any case."""
    by_name = {choice.value.casefold(): choice for choice in choices}

    def parse(text: str) -> Choice:
        if text.casefold() not in by_name:
            raise ValueError(text)
        return by_name[text.casefold()]

    return Kind(" or ".join(f"`{choice}`" for choice in choices), parse)


def whole(least: int, most: int) -> Kind[int]:
    """Take a whole number within bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return Kind(f"a whole number from {least} to {most}", parse)


_SPOKEN: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)


def _flag(text: str) -> bool:
    if text.casefold() not in _SPOKEN:
        raise ValueError(text)
    return _SPOKEN[text.casefold()]


FLAG: Final = Kind("`true` or `false`", _flag, lambda value: str(value).lower())


def listed(member: Kind[T]) -> Kind[tuple[T, ...]]:
    """Take several, with commas between them."""
    return Kind(
        f"{member.takes}; several with commas between them",
        lambda text: tuple(member.parse(part.strip()) for part in text.split(",") if part.strip()),
        lambda values: ",".join(map(member.write, values)),
    )


def is_key(text: str) -> bool:
    """Return whether *text* is long enough to sign with."""
    return len(text.encode()) >= KEY_BYTES


def _key(text: str) -> str:
    if not is_key(text):
        raise ValueError
    return text


KEY: Final = Kind(f"a random text of {KEY_BYTES} bytes or more", _key)

KEY_OR_FILE: Final = Kind[str]("a secret or a path", str)

FILE: Final = Kind[Path]("the path of a PEM file", Path)

_RATE: Final = re.compile(r"[1-9]\d{0,8}\s*(/|per)\s*([1-9]\d{0,4}\s*)?(second|minute|hour|day)s?")


def _rate(text: str) -> str:
    if text and not _RATE.fullmatch(text.casefold()):
        raise ValueError(text)
    return text.casefold()


RATE: Final = Kind("a rate such as `100/minute`; empty turns it off", _rate, off=True)


def _split(text: str) -> SplitResult:
    parts = urlsplit(text)
    _ = parts.port  # which refuses what is no port
    return parts


def _database(text: str) -> str:
    parts = _split(text)
    if parts.scheme == "sqlite":
        if parts.netloc or parts.path in ("", "/", "/:memory:"):
            raise ValueError
        return text
    if parts.scheme not in ("postgresql", "postgres") or len(parts.path) <= 1:
        raise ValueError
    return urlunsplit(parts._replace(scheme="postgresql"))


DATABASE: Final = Kind("`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`", _database)


def _remote(text: str, *schemes: str) -> str:
    parts = _split(text)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError
    return text


def _redis(text: str) -> str:
    if not re.fullmatch(r"(/[0-9]*)?", _split(_remote(text, "redis", "rediss")).path):
        raise ValueError
    return text


REDIS: Final = Kind("`redis://HOST:PORT/NUMBER`", _redis)


def _storage(text: str) -> str:
    return text if text == "memory://" else REDIS.parse(text)


STORAGE: Final = Kind(f"`memory://` or {REDIS.takes}", _storage)


def _origin(text: str) -> str:
    parts = _split(_remote(text, "http", "https"))
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError(text)
    return text.lower()


ORIGIN: Final = Kind("an origin such as `https://shop.example`", _origin)


def _network(text: str) -> Network:
    return ip_network(text)


PROXY: Final = Kind("an address or network such as `10.0.0.0/8`", _network)


def without_password(text: str) -> str:
    """Return *text* as it may be shown, should it be a URL."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", text)
