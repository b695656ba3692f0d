"""The wiring of the use cases."""

import attrs
import pytest

from mechanic_adapters.memory import MemoryStore
from mechanic_core.shop import Shop
from tests.shops import ManualClock, shop_on

USE_CASES = [field for field in attrs.fields(Shop) if field.name not in Shop.__annotations__]


@pytest.mark.parametrize("field", USE_CASES, ids=lambda field: field.name)
def test_every_field_has_its_use_case(field: "attrs.Attribute[object]") -> None:
    """
    Each field of the shop has a use case of its declared type.
    """
    shop = shop_on(MemoryStore(), ManualClock())

    assert field.type is type(getattr(shop, field.name))
