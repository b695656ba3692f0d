"""The primary is killed under load and its standby promoted: the shop goes on by itself."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.faults.shop_processes import Client, Writers, create_shop, serving, stored_skus
from tests.integration.servers import PostgresServer, postgres_server
from tests.integration.sockets import wait_until
from tests.scale.standbys import make_synchronous, promote, standby_of

PROMISED_S = 2.0
AT_FIRST, AFTERWARDS = 100, 50


def test_writes_go_on_after_a_promotion(report: Callable[[str], None]) -> None:
    """
    Writes succeed within two seconds of the promotion, and no acknowledged one is lost.
    """
    writers = Writers()
    with postgres_server() as primary, standby_of(primary) as standby:
        url = primary.new_database()
        create_shop(url)
        make_synchronous(primary)
        with (
            serving(both_servers(url, standby)) as server,
            Client(server.port).log_in() as client,
            writers.writing(client),
        ):
            wait_until(lambda: len(writers.acknowledged) >= AT_FIRST)
            primary.kill()
            killed = time.monotonic()
            promote(standby)
            promoted = time.monotonic()
            wait_until(lambda: sum(at > promoted for at in writers.moments) >= AFTERWARDS)
            # A second after the last failure.
            wait_until(lambda: client.ask("GET", "/readyz").status == 200)
        found = stored_skus(standby.url(urlsplit(url).path[1:]))

    first = min(at for at in writers.moments if at > promoted) - promoted
    report(
        f"failover: promoted {promoted - killed:.2f} s after the kill, writes "
        f"{first:.2f} s after that; {writers.summary(found)}"
    )
    assert writers.acknowledged <= found
    assert first < PROMISED_S
    assert {503} >= {answer.status for answer in writers.refused}
    assert [] == writers.broken


def both_servers(url: str, standby: PostgresServer) -> str:
    """Return the URL that leads to whichever of the two servers takes writes."""
    place, other = urlsplit(url), urlsplit(standby.url())
    return place._replace(
        netloc=f"{place.netloc},{other.hostname}:{other.port}",
        query="target_session_attrs=read-write",
    ).geturl()
