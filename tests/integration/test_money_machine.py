"""State machine test of money, on each store: the balance law holds after every step."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from tests.integration.test_shop_machine import HALF
from tests.integration.test_shop_machine_sql import FEWER, OpenStore, postgresql, sqlite
from tests.machines.money_machine import MoneyMachine

__all__ = ["postgresql", "sqlite"]


class MemoryMoneyMachine(MoneyMachine):
    """The state machine on an empty memory store."""

    def __init__(self) -> None:
        """Create the store."""
        super().__init__(MemoryStore())


def test_the_balance_law_holds() -> None:
    """
    In any order of invoices, payments, credits, refunds and merges the shop agrees with the model.
    """
    run_state_machine_as_test(MemoryMoneyMachine, settings=HALF)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_balance_law_holds_in_databases(database: str, request: pytest.FixtureRequest) -> None:
    """
    The same on a database.
    """
    open_store: OpenStore = request.getfixturevalue(database)

    class Machine(MoneyMachine):
        def __init__(self) -> None:
            self.opened = open_store()
            super().__init__(self.opened.__enter__())

        def teardown(self) -> None:
            self.opened.__exit__(None, None, None)

    run_state_machine_as_test(Machine, settings=FEWER)
