"""Which server is a replica of which, and how far it is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from mechanic_adapters.sql.replicas.replica import ServerStatus, end_of_log

PRIMARY = ServerStatus(
    lsn=1000,
    timeline="00000001",
    cluster=7,
    schema="shop.public",
    in_recovery=False,
    started_at=datetime(2026, 6, 1, tzinfo=UTC),
)
STANDBY = evolve(PRIMARY, in_recovery=True, started_at=datetime(2026, 6, 2, tzinfo=UTC))


@pytest.mark.parametrize("changes", [{}, {"lsn": 1}])
def test_a_standby_follows_its_primary(changes: dict[str, Any]) -> None:
    """
    A standby follows the primary of the same cluster, however late.
    """
    assert PRIMARY.is_followed_by(evolve(STANDBY, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"timeline": "00000002"},
        {"cluster": 8},
        {"schema": "postgres.public"},
        {"in_recovery": False},
    ],
)
def test_another_server_does_not(changes: dict[str, Any]) -> None:
    """
    A standby of a former primary, one that was promoted, and any other database are no replica.
    """
    assert not PRIMARY.is_followed_by(evolve(STANDBY, **changes))


def test_a_standby_is_no_primary() -> None:
    """
    Where the address of the primary leads to a standby, nothing is known of its replica.
    """
    assert not STANDBY.is_followed_by(STANDBY)
    assert PRIMARY.is_followed_by(PRIMARY)


@pytest.mark.parametrize(
    ("position", "end"),
    [(0x4000028, 0x4000000), (0x4002018, 0x4002000), (0x4000029, 0x4000029), (0x40, 0x40)],
)
def test_the_header_of_a_page_is_no_log(position: int, end: int) -> None:
    """
    A primary whose log ends with a page names the place after the next header.
    """
    assert end_of_log(position) == end
