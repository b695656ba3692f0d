"""State machine test of consent, on each store: never completed above what was authorized."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from mechanic_shop.observability.agreement import disagreements
from tests.integration.test_shop_machine import HALF
from tests.integration.test_shop_machine_sql import FEWER, OpenStore, postgresql, sqlite
from tests.machines.consent_machine import ConsentMachine

__all__ = ["postgresql", "sqlite"]


class MemoryConsentMachine(ConsentMachine):
    """The state machine on an empty memory store."""

    def __init__(self) -> None:
        """Create the store."""
        super().__init__(MemoryStore())


def test_no_ticket_is_completed_above_its_ceiling() -> None:
    """
    In any order of edits, estimates, decisions and moves the shop agrees with the model.
    """
    run_state_machine_as_test(MemoryConsentMachine, settings=HALF)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_databases_keep_the_ceiling_too(database: str, request: pytest.FixtureRequest) -> None:
    """
    The same on a database, whose check finds nothing to complain of at the end.
    """
    open_store: OpenStore = request.getfixturevalue(database)

    class Machine(ConsentMachine):
        def __init__(self) -> None:
            self.opened = open_store()
            self.sql = self.opened.__enter__()
            super().__init__(self.sql)

        def teardown(self) -> None:
            wrong = list(disagreements(self.sql))
            self.opened.__exit__(None, None, None)
            assert [] == wrong

    run_state_machine_as_test(Machine, settings=FEWER)
