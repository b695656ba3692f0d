"""Events that nobody has read for long: thousands that have no position yet."""

from collections.abc import Iterator
from typing import Final

import pytest
from attrs import evolve
from sqlalchemy import create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_core.access import SYSTEM
from mechanic_core.events.event import EventType
from mechanic_core.events.use_cases import BATCH, MOST_BATCHES, EventFeed
from mechanic_core.shop import Shop
from mechanic_shop import open_shop

NEWEST: Final = 2**63 - 1
WAIT_S: Final = 20
NAMES: Final = "id, type, at, kind, subject_id, version, by_role, by_id, changes"


@pytest.fixture
def shop(empty_url: str) -> Iterator[Shop]:
    """A shop with one event, which has a position."""
    with open_shop(empty_url) as shop:
        rename(shop, "First")
        assert 1 == shop.read_events(SYSTEM).last
        yield shop


def rename(shop: Shop, name: str) -> None:
    """Make an event of the shop itself."""
    shop.change_profile(SYSTEM, lambda form: evolve(form, name=name))


def write_parts(url: str, count: int) -> None:
    """Write *count* events of a part in one transaction, as an import does."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
    columns = NAMES.replace("type", "'part.created'")
    insert = f"{numbers} INSERT INTO events ({NAMES}) SELECT {columns} FROM n, events"  # noqa: S608 - our own names
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        connection.execute(text(f"{insert} WHERE position = 1"), {"count": count})
    engine.dispose()


def read(shop: Shop, after: int, wait_s: float = 0) -> EventFeed:
    """Read the events of the shop itself."""
    return shop.read_events(SYSTEM, after, type_=EventType.SHOP_CHANGED, wait_s=wait_s)


@pytest.mark.parametrize("backlog", [BATCH - 1, BATCH, BATCH + 50, 3 * BATCH])
def test_finds_what_was_written_behind_a_backlog(shop: Shop, empty_url: str, backlog: int) -> None:
    """
    Events of one type behind thousands of others are found by the first who asks.
    """
    write_parts(empty_url, backlog)
    rename(shop, "Second")
    rename(shop, "Third")

    feed = read(shop, 1)

    assert [backlog + 2, backlog + 3] == [event.position for event in feed.items]
    assert (backlog + 3, False) == (feed.last, feed.has_more)


def test_the_newest_position_is_behind_a_backlog(shop: Shop, empty_url: str) -> None:
    """
    Who begins to follow is told the position of the newest event there is.
    """
    write_parts(empty_url, 2 * BATCH + 1)

    feed = shop.read_events(SYSTEM, NEWEST)

    assert ((), 2 * BATCH + 2, False) == (feed.items, feed.last, feed.has_more)


def test_says_that_some_are_left(shop: Shop, empty_url: str) -> None:
    """
    A response looks at ten thousand events; where some are left it says so, and `last` goes on.
    """
    write_parts(empty_url, BATCH * MOST_BATCHES)
    rename(shop, "Second")

    first = read(shop, 1)
    second = read(shop, first.last)

    assert ((), BATCH * MOST_BATCHES + 1, True) == (first.items, first.last, first.has_more)
    assert ["/shop"] == [event.subject for event in second.items]
    assert not second.has_more


def test_a_waiting_request_looks_at_all(shop: Shop, empty_url: str) -> None:
    """
    A request that waits does not come back without items because of a backlog.
    """
    write_parts(empty_url, BATCH * MOST_BATCHES)
    rename(shop, "Second")

    feed = read(shop, 1, WAIT_S)

    assert ["/shop"] == [event.subject for event in feed.items]
    assert not feed.has_more
