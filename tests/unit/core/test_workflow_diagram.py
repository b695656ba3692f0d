"""The workflow page is drawn from the table."""

from pathlib import Path

from mechanic_core.tickets.workflow import WORKFLOW, Status
from mechanic_shop.workflow_diagram import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "workflow.md"


def test_the_page_is_up_to_date() -> None:
    """
    The committed page is equal to the generated one.
    """
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_change_is_drawn() -> None:
    """
    The diagram has every change of the table, and an end for each final status.
    """
    drawn = page()

    assert all(f"    {move.start.value} --> {move.to.value}" in drawn for move in WORKFLOW)
    final = {status for status in Status if all(move.start is not status for move in WORKFLOW)}
    assert {f"    {status.value} --> [*]" for status in final} == {
        line for line in drawn.splitlines() if line.endswith("--> [*]")
    }
