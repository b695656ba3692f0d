"""Real proxies that serve a shop under a prefix, as the guide to running on a server shows."""

import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from tests.integration.programs import PATIENCE_S
from tests.integration.sockets import LOOPBACK, free_port, wait_until
from tests.system_programs import found_program

GUIDE: Final = Path(__file__).parents[2] / "docs/how-to/run-on-a-server.md"
PREFIX: Final = "/shop"


@frozen
class Proxy:
    """How to run one kind of proxy."""

    program: str
    arguments: tuple[str, ...]
    configuration: Callable[[Path, int, str], str]


def _nginx(folder: Path, port: int, sample: str) -> str:
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\n  access_log off;\n{temporary}"
        f"  server {{\n    listen {LOOPBACK}:{port};\n{sample}  }}\n}}\n"
    )


def _caddy(_: Path, port: int, sample: str) -> str:
    return f"{{\n  admin off\n  auto_https off\n}}\nhttp://{LOOPBACK}:{port} {{\n{sample}}}\n"


PROXIES: Final = {
    "nginx": Proxy("nginx", ("-e", "stderr", "-c"), _nginx),
    "caddy": Proxy("caddy", ("run", "--adapter", "caddyfile", "--config"), _caddy),
}


def sample_of(language: str, shop_port: int, *, with_header: bool) -> str:
    """Return the sample of the guide in a *language*, for a shop on another port.

    Without its header the proxy removes the prefix, but does not say so.
    """
    (sample,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    at_port = sample.replace(":8000", f":{shop_port}")
    if with_header:
        return str(at_port)
    return "".join(
        line for line in at_port.splitlines(keepends=True) if "X-Forwarded-Prefix" not in line
    )


@contextmanager
def proxy_before(
    shop_port: int, kind: str, folder: Path, *, with_header: bool = True
) -> Iterator[str]:
    """Run a proxy before a shop within the block; yield the shop's address at the proxy."""
    proxy, port = PROXIES[kind], free_port()
    file = folder / kind
    sample = sample_of(kind, shop_port, with_header=with_header)
    file.write_text(proxy.configuration(folder, port, sample), "utf-8")
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [found_program(proxy.program), *proxy.arguments, str(file)],
            stdout=log,
            stderr=log,
            env=environment,
        )
    try:
        wait_until(lambda: is_listening(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text("utf-8")
        yield f"http://{LOOPBACK}:{port}{PREFIX}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def is_listening(port: int) -> bool:
    """Return whether a server accepts connections at a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex((LOOPBACK, port)) == 0
