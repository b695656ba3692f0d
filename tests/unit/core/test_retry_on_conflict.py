"""A use case that lost a race is retried, a bounded number of times."""

import pytest
from attrs import define

from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.unit_of_work import MAX_ATTEMPTS, retry_on_conflict


@define
class Runner:
    """A use case that loses its first races."""

    losses: int
    tries: int = 0

    @retry_on_conflict
    def __call__(self, prize: str, *, again: bool = True) -> str:
        """Return the prize after the last loss."""
        self.tries += 1
        if self.tries <= self.losses:
            raise LostRace
        return f"{prize} {again}"


@pytest.mark.parametrize("losses", range(MAX_ATTEMPTS))
def test_a_lost_race_is_retried(losses: int) -> None:
    """
    The caller does not notice a lost race that is won later.
    """
    runner = Runner(losses)

    assert "cup True" == runner("cup")
    assert losses + 1 == runner.tries


def test_attempts_are_bounded() -> None:
    """
    After the last attempt the lost race is raised.
    """
    runner = Runner(MAX_ATTEMPTS + 1)

    with pytest.raises(LostRace):
        runner("cup")

    assert MAX_ATTEMPTS == runner.tries


def test_other_refusals_are_not_retried() -> None:
    """
    Only a lost race is retried.
    """
    tries = []

    class Away:
        @retry_on_conflict
        def __call__(self) -> None:
            tries.append(1)
            raise Unavailable

    with pytest.raises(Unavailable):
        Away()()

    assert [1] == tries


def test_the_use_case_keeps_its_name() -> None:
    """
    The wrapped use case has its own name and docstring.
    """
    assert "Return the prize after the last loss." == Runner.__call__.__doc__
