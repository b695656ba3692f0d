"""The whole shop in memory, worked in any order, does as the model says and keeps every law.

It touches nothing outside, but in CI it takes its time: the unit tests are quick without it.
"""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from tests.machines.shop_machine import ShopMachine

IN_CI = 200
ASKED = settings().max_examples
HERE = settings(
    max_examples=ASKED if ASKED >= IN_CI else ASKED // 10,
    stateful_step_count=50,
)
"""As many shops as the profile asks for, a tenth where that is fewer than CI's."""


class ShopInMemory(ShopMachine):
    """The shop on an empty store."""

    def __init__(self) -> None:
        """Open it."""
        super().__init__(MemoryStore())


def test_the_shop_in_memory_keeps_every_law() -> None:
    """
    Whatever people do, in whatever order, stock, money, credit and history stay right.
    """
    run_state_machine_as_test(ShopInMemory, settings=HERE)
