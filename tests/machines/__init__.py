"""Hypothesis state machines: the whole shop is compared with a model in plain dictionaries."""

import pytest

pytest.register_assert_rewrite("tests.machines.differential_machine", "tests.machines.invariants")
