"""Fixtures: a furnished shop on each database, and its desk."""

from collections.abc import Iterator

import pytest

from tests.integration.apps import new_furnished_shop_url, open_client, settings_for
from tests.integration.databases import DATABASES
from tests.integration.field_reports.desk import Desk
from tests.integration.servers import PostgresServer


@pytest.fixture(scope="module", params=DATABASES)
def url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> str:
    """The URL of a shop on each database: Eve and Bob work there, Ada and Cleo are customers."""
    return new_furnished_shop_url(request.param, tmp_path_factory.mktemp("shop"), postgres)


@pytest.fixture(scope="module")
def desk(url: str) -> Iterator[Desk]:
    """The desk of the shop."""
    with open_client(settings_for(url)) as client:
        yield Desk(client)
