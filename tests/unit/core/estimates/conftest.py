"""A ticket for Ada's car at the desk."""

import pytest

from tests.unit.core.conftest import Premises
from tests.unit.core.estimates.desk import Desk


@pytest.fixture
def desk(premises: Premises) -> Desk:
    """A new ticket with Bob assigned."""
    return Desk(premises, premises.open(vehicle_id=1))
