"""A problem collector reports the problems of several checks at once."""

import pytest

from mechanic_core.errors import Problem, ProblemCollector, RuleBroken, Unknown
from mechanic_core.vehicles.vehicle import VinTaken


def test_no_problem_raises_nothing() -> None:
    """
    Without problems, nothing is raised.
    """
    problems = ProblemCollector()
    with problems:
        pass

    problems.raise_if_any()


def test_unknown_ids_raise_unknown() -> None:
    """
    Unknown ids alone raise `Unknown`, in their order.
    """
    problems = ProblemCollector()
    with problems:
        raise Unknown("#/b", "#/a")
    with problems:
        raise Unknown("#/c")

    with pytest.raises(Unknown) as refused:
        problems.raise_if_any()
    assert ["#/b", "#/a", "#/c"] == [problem.pointer for problem in refused.value.problems]


def test_mixed_problems_raise_one_refusal() -> None:
    """
    Broken rules and unknown ids are reported together.
    """
    problems = ProblemCollector()
    for refusal in (Unknown("#/a"), RuleBroken(Problem("#/b", "is required"))):
        with problems:
            raise refusal

    with pytest.raises(RuleBroken, match="#/a: does not exist; #/b: is required"):
        problems.raise_if_any()


def test_other_refusals_pass_through() -> None:
    """
    A conflict is raised at once, since it is no problem of the request.
    """
    with pytest.raises(VinTaken), ProblemCollector():
        raise VinTaken
