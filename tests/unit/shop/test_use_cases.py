"""The shop's table of contents, wired."""

import attrs
import pytest

from mechanic_adapters.memory import MemoryStore
from mechanic_core.shop import Shop
from tests.shops import ManualClock, shop_on


@pytest.mark.parametrize("field", attrs.fields(Shop), ids=lambda field: field.name)
def test_every_use_case_is_what_the_shop_says(field: "attrs.Attribute[object]") -> None:
    """
    Under each name stands the use case that callers are promised there.
    """
    shop = shop_on(MemoryStore(), ManualClock())

    assert field.type is type(getattr(shop, field.name))
