"""State machine test of the memory store against the model.

It needs no server, but takes too long in CI to be a unit test.
"""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from tests.machines.shop_machine import ShopMachine

IN_CI = 200
EXAMPLES = settings().max_examples
SETTINGS = settings(
    max_examples=EXAMPLES if EXAMPLES >= IN_CI else EXAMPLES // 10,
    stateful_step_count=50,
)
"""The number of runs of the profile, or a tenth where that is fewer than CI's."""

HALF = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
"""Half as many, for machines of one ticket or one customer."""


class MemoryShopMachine(ShopMachine):
    """The state machine on an empty memory store."""

    def __init__(self) -> None:
        """Create the store."""
        super().__init__(MemoryStore())


def test_the_memory_store_agrees_with_the_model() -> None:
    """
    After any sequence of operations the shop agrees with the model and the invariants hold.
    """
    run_state_machine_as_test(MemoryShopMachine, settings=SETTINGS)
