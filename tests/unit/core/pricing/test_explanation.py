"""The worked examples of the explanation are what the shop computes."""

import doctest
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[4] / "docs/explanation/pricing.md"


def test_the_worked_examples_are_right() -> None:
    """
    Each example of the page prints what the page says.
    """
    parsed = doctest.DocTestParser().get_doctest(PAGE.read_text("utf-8"), {}, PAGE.name, None, 0)
    report: list[str] = []

    results = doctest.DocTestRunner(verbose=False).run(parsed, out=report.append)

    assert "" == "".join(report)
    assert results.attempted > 20
