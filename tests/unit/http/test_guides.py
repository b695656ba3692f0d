"""The guides to bills and to the customer's yes: their requests are answered as they show."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.shops import MANAGER
from tests.unit.http.shop import client

HOW_TO: Final = Path(__file__).parents[3] / "docs/how-to"
EXCHANGE: Final = re.compile(
    r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?:Idempotency-Key: (?P<key>\S+)\n\n)?(?P<body>(?:(?!```).)*)```\n"
    r"(?:```json\n(?P<shown>.*?)```)?",
    re.DOTALL,
)


def is_shown(shown: Any, answered: Any) -> bool:
    """Return whether an answer has all members that are shown, at any depth."""
    if isinstance(shown, dict):
        return all(name in answered and is_shown(shown[name], answered[name]) for name in shown)
    if isinstance(shown, list):
        return len(shown) == len(answered) and all(map(is_shown, shown, answered))
    return bool(shown == answered)


@pytest.mark.parametrize("name", ["bill-a-ticket", "get-the-customers-yes"])
def test_requests_are_answered_as_shown(name: str) -> None:
    """
    Every request of the guide succeeds, in its order, and has the members that it shows.
    """
    guide = (HOW_TO / f"{name}.md").read_text("utf-8")
    shop = client()
    shop.premises.open()
    exchanges = list(EXCHANGE.finditer(guide))

    for exchange in exchanges:
        body = json.loads(exchange["body"]) if exchange["body"] else None
        headers = {"Idempotency-Key": exchange["key"]} if exchange["key"] else None
        answer = shop.ask(exchange["method"], exchange["path"], body, MANAGER, headers)

        assert answer.status_code in (200, 201), (exchange["path"], answer.text)
        shown = exchange["shown"]
        assert shown is None or is_shown(json.loads(shown), answer.json), answer.text
    assert guide.count("```http") == len(exchanges)
    assert guide.count("```json") == sum(exchange["shown"] is not None for exchange in exchanges)
