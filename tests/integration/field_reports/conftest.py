"""The desk of a furnished shop on each database."""

import pytest

from tests.integration.apps import AppClient
from tests.integration.field_reports.desk import Desk


@pytest.fixture(scope="module")
def desk(shop: AppClient) -> Desk:
    """The desk of the shop."""
    return Desk(shop)
