"""A completed ticket of Ada's at the till."""

import pytest

from tests.unit.core.conftest import Premises
from tests.unit.core.invoices.till import Till


@pytest.fixture
def till(premises: Premises) -> Till:
    """A completed ticket that comes to 100.00, without tax."""
    till = Till(premises, premises.open(vehicle_id=1))
    till.job("Brakes", "100")
    till.complete()
    return till
