"""HAProxy in front of two instances of the shop, as the guide shows it."""

import csv
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from tests.integration.sockets import LOOPBACK, PATIENCE_S, free_port, wait_until
from tests.system_programs import found_program

GUIDE: Final = Path(__file__).parents[2] / "docs/how-to/scale-out.md"
_SAMPLE: Final = re.compile(r"```haproxy\n(.*?)```", re.DOTALL)
_STATISTICS: Final = """
frontend statistics
    bind {host}:{port}
    stats enable
    stats uri /
"""


@frozen
class Balancer:
    """A running HAProxy: its port, and the one of its statistics."""

    port: int
    statistics: int

    def is_up(self, server: str) -> bool:
        """Return whether requests are sent to a *server*."""
        return self._state(server).startswith("UP")

    def is_down(self, server: str) -> bool:
        """Return whether a *server* gets no requests."""
        return self._state(server).startswith("DOWN")

    def _state(self, server: str) -> str:
        address = f"http://{LOOPBACK}:{self.statistics}/;csv"
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as page:
            rows = csv.DictReader(page.read().decode().lstrip("# ").splitlines())
        return next(row["status"] for row in rows if row["svname"] == server)


@contextmanager
def haproxy(folder: Path, ports: Sequence[int], check: str = "check") -> Iterator[Balancer]:
    """Run HAProxy before two shops within the block.

    Args:
        folder: Where its files are written.
        ports: Those of the shops.
        check: How HAProxy checks each of them.
    """
    balancer = Balancer(free_port(), free_port())
    text = _configuration(balancer.port, ports, check)
    text += _STATISTICS.format(host=LOOPBACK, port=balancer.statistics)
    file = folder / "haproxy.cfg"
    file.write_text(text)
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen(
            [found_program("haproxy"), "-db", "-f", str(file)], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: _answers(balancer, process, folder / "haproxy.log"))
        yield balancer
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _configuration(port: int, ports: Sequence[int], check: str) -> str:
    """Return the sample of the guide with other ports, and with this *check*."""
    (sample,) = _SAMPLE.findall(GUIDE.read_text())
    for shown, used in zip((8080, 8001, 8002), (port, *ports), strict=True):
        assert f"{LOOPBACK}:{shown}" in sample
        sample = sample.replace(f"{LOOPBACK}:{shown}", f"{LOOPBACK}:{used}")
    return re.sub(r"(?m) check$", f" {check}", sample)


def _answers(balancer: Balancer, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return balancer.is_up("one") or balancer.is_down("one")
    except OSError:
        return False
