"""What several looks find wrong is told at once."""

import pytest

from mechanic_core.errors import Problem, ProblemCollector, RuleBroken, Unknown
from mechanic_core.vehicles.vehicle import VinTaken


def test_nothing_found_is_no_refusal() -> None:
    """
    Where no look found anything, all goes on.
    """
    findings = ProblemCollector()
    with findings:
        pass

    findings.raise_if_any()


def test_unknown_ids_are_one_unknown() -> None:
    """
    Ids alone stay what they are, in the order in which they were found.
    """
    findings = ProblemCollector()
    with findings:
        raise Unknown("#/b", "#/a")
    with findings:
        raise Unknown("#/c")

    with pytest.raises(Unknown) as refused:
        findings.raise_if_any()
    assert ["#/b", "#/a", "#/c"] == [problem.pointer for problem in refused.value.problems]


def test_broken_rules_and_unknown_ids_are_one_refusal() -> None:
    """
    Each problem keeps its words.
    """
    findings = ProblemCollector()
    for refusal in (Unknown("#/a"), RuleBroken(Problem("#/b", "is required"))):
        with findings:
            raise refusal

    with pytest.raises(RuleBroken, match="#/a: does not exist; #/b: is required"):
        findings.raise_if_any()


def test_any_other_refusal_ends_the_looking() -> None:
    """
    A conflict is told at once: it is nothing wrong with the body.
    """
    with pytest.raises(VinTaken), ProblemCollector():
        raise VinTaken
