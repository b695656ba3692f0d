"""Addresses of Redis and Valkey servers, alone, watched by sentinels, or in a cluster."""

import re
from enum import Enum, auto
from typing import Any, Final, Self, final
from urllib.parse import unquote, urlsplit

from attrs import field, frozen
from redis import Connection, ConnectionPool, SSLConnection
from redis import connection as redis_connection

from mechanic_adapters.addresses import WrongAddress

_ENCODE: Final = "special characters in the password must be percent-encoded"
_FORM: Final = re.compile(r"(redis|valkey)(s?)(?:\+(sentinel|cluster))?|(unix)")
_SCHEMES: Final = "redis://, rediss://, unix://, redis+sentinel://, redis+cluster:// or valkey's"
_DEFAULT_PORTS: Final = {"sentinel": 26379}
_REDIS_PORT: Final = 6379


class Topology(Enum):
    """What an address leads to."""

    SERVER = auto()
    SENTINELS = auto()
    CLUSTER = auto()


@final
@frozen
class RedisAddress:
    """A parsed address.

    Attributes:
        topology: What it leads to.
        hosts: The hosts and ports; none for a socket.
        options: What redis-py's connections take: database, credentials, TLS, timeouts.
        name: The name under which sentinels know the server.
    """

    topology: Topology
    hosts: tuple[tuple[str, int], ...]
    options: dict[str, Any] = field(repr=False)
    name: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse *url*; raise `WrongAddress` if it is none, or has a parameter that is none.

        redis-py itself ignores a database that is not a number, and so would use database 0.
        """
        parts = urlsplit(url)
        form = _FORM.fullmatch(parts.scheme)
        if form is None:
            raise WrongAddress(f"it must begin with {_SCHEMES}")
        if parts.fragment or "@" in parts.path:  # of a password: its rest would be lost
            raise WrongAddress(_ENCODE)
        if form[4]:
            return cls._of_socket(url, parts.path)
        user_information, at, hosts = parts.netloc.rpartition("@")
        name, database = _path(parts.path, named=form[3] == "sentinel")
        if form[3] == "cluster" and database:
            raise WrongAddress("a cluster has no numbered databases")
        port = _DEFAULT_PORTS.get(form[3] or "", _REDIS_PORT)
        places = tuple(_place(host, port) for host in hosts.split(","))
        plain = f"redis://{user_information}{at}host/{database}?{parts.query}"
        options = _options(plain, SSLConnection if form[2] else Connection)
        if form[3] is None:
            if len(places) > 1:
                raise WrongAddress("several hosts need redis+sentinel:// or redis+cluster://")
            options |= {"host": places[0][0], "port": places[0][1]}
        kind = {"sentinel": Topology.SENTINELS, "cluster": Topology.CLUSTER}
        return cls(kind.get(form[3] or "", Topology.SERVER), places, options, name)

    @classmethod
    def _of_socket(cls, url: str, path: str) -> Self:
        if not path.startswith("/") or len(path) < len("/x"):
            raise WrongAddress("it must name the file of a socket, as in unix:///run/valkey.sock")
        return cls(Topology.SERVER, (), _options(url, None))

    def __str__(self) -> str:
        """Return the place in words."""
        return ", ".join(f"{host}:{port}" for host, port in self.hosts) or self.options["path"]


def _options(url: str, connection_class: type[Connection] | None) -> dict[str, Any]:
    """Return the options in *url*, whose form redis-py knows."""
    try:
        parse: Any = redis_connection.parse_url
        options: dict[str, Any] = parse(url)
    except ValueError:
        raise WrongAddress("a parameter has a wrong value") from None
    options.pop("host", None)
    options.setdefault("connection_class", connection_class)
    try:
        ConnectionPool(**options).make_connection()  # which connects to nothing yet
    except (TypeError, ValueError, AttributeError):
        raise WrongAddress("redis-py does not know one of its parameters") from None
    return options


def _path(path: str, *, named: bool) -> tuple[str, str]:
    """Return the name of a server among sentinels, and the number of a database."""
    name, _, database = path[1:].partition("/") if named else ("", "", path[1:])
    if named and not name:
        raise WrongAddress("it must end with the name that the sentinels watch, such as /primary")
    if not re.fullmatch(r"[0-9]*", database):
        raise WrongAddress("it must end with the number of a database, such as /0")
    return unquote(name), database


def _place(host: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{host}")
        found = parts.hostname, parts.port
    except ValueError:
        raise WrongAddress("a port must be a number") from None
    if not found[0]:
        raise WrongAddress("it must name a host")
    return found[0], found[1] or port
