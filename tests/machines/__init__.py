"""State machines that work the whole shop, beside a model of it in plain dictionaries."""

import pytest

pytest.register_assert_rewrite("tests.machines.differential_machine", "tests.machines.invariants")
