"""The PostgreSQL servers that a database URL names: hosts with ports, or folders of sockets."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL

from mechanic_adapters.addresses import WrongAddress

DEFAULT_PORT: Final = "5432"

_PARTS: Final = re.compile(r"([\w+]+://(?:[^:/]*(?::[^@]*)?@)?)([^/?]*)(.*)", re.DOTALL)
"""What is before the hosts, as SQLAlchemy finds it, the hosts, and the rest."""

_HOST: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?", re.DOTALL)
_SHOWN: Final = re.compile(r"\[?[\w.:-]{1,253}\]?")


def spread_hosts(url: str) -> str:
    """Return *url* with several hosts moved into its query, where SQLAlchemy finds them.

    Raises `WrongAddress` for a host that is none.
    """
    if (parts := _PARTS.fullmatch(url)) is None:
        return url
    before, hosts, rest = parts.groups()
    names, ports = zip(*(_parse(host) for host in hosts.split(",")), strict=True)
    if len(names) == 1:
        return url
    place, _, query = rest.partition("?")
    spread = f"host={quote(','.join(names))}&port={','.join(ports)}"
    return f"{before}{place}?{spread}{query and f'&{query}'}"


def places(url: URL) -> tuple[str, ...]:
    """Return the servers of *url* in words: ``host:port``, or the file of a socket."""
    hosts, ports = url.query.get("host"), url.query.get("port", str(url.port or ""))
    if isinstance(hosts, tuple):
        return hosts
    names = hosts.split(",") if hosts else [url.host or "localhost"]
    numbers = ports.split(",") if isinstance(ports, str) else [*ports]
    same = numbers[0] if len(numbers) == 1 else ""
    pairs = zip_longest(names, numbers if len(numbers) > 1 else (), fillvalue=same)
    return tuple(_place(name, number or DEFAULT_PORT) for name, number in pairs)


def require_known_parameters(url: URL) -> None:
    """Raise `WrongAddress` unless libpq knows every parameter of *url*."""
    from psycopg import pq  # noqa: PLC0415 - slow import, needed for PostgreSQL only

    known = {default.keyword.decode() for default in pq.Conninfo.get_defaults()}
    if unknown := sorted(url.query.keys() - known):
        names = ", ".join(filter(_SHOWN.fullmatch, unknown))
        raise WrongAddress(f"PostgreSQL knows no parameter {names}".strip())


def multiple_failures(text: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each failure, if *text* reports that several hosts failed."""
    found = re.findall(
        r"(?ms)^- host: '?(.*?)'?, port: '?(.*?)'?, hostaddr: \S+: (.*?)(?=^- host: |\Z)", text
    )
    for name, port, failure in found:
        yield _place(name, DEFAULT_PORT if port in {"", "None"} else port), failure


def _place(name: str, port: str) -> str:
    if name.startswith("/"):
        return f"{name}/.s.PGSQL.{port}"
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _parse(host: str) -> tuple[str, str]:
    """Return the name and the port of *host*, which may lack either."""
    found = _HOST.fullmatch(host)
    name, port = found.groups(default="") if found else ("", "")
    if found is None or (port and not (port.isascii() and port.isdigit())):
        shown = name if _SHOWN.fullmatch(name) else "a host"
        raise WrongAddress(f"the port of {shown} must be a number")
    return name.strip("[]"), port
