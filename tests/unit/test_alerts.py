"""The example alerts are about metrics and label values that a shop has."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mechanic_http.ports import AccessLogEntry
from mechanic_shop.observability.metrics import Metrics

FILE: Final = Path(__file__).parents[2] / "deploy" / "alerts.yml"
SELECTOR: Final = re.compile(r"\b(mechanic_shop_\w+)(?:\{([^}]*)\})?")
MATCHER: Final = re.compile(r"(\w+)(=~|!=|=)\"([^\"]*)\"")
RULES: Final[list[dict[str, Any]]] = [
    rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]
]


def series() -> list[tuple[str, Mapping[str, str]]]:
    """Return the series of a shop that has answered one request."""
    metrics = Metrics()
    metrics.count_request(
        AccessLogEntry(
            request_id="",
            method="GET",
            route="/inventory",
            operation_id=None,
            status=200,
            role=None,
            actor_id=0,
            milliseconds=1.0,
        )
    )
    page, _ = metrics.render()
    return [
        (sample.name, sample.labels)
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    ]


def matches(labels: Mapping[str, str], matchers: str) -> bool:
    """Return whether a series with these *labels* is selected, as Prometheus does it."""
    for name, how, value in MATCHER.findall(matchers):
        found = labels.get(name, "")
        same = bool(re.fullmatch(value, found)) if how == "=~" else found == value
        if same == (how == "!="):
            return False
    return True


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_can_fire(rule: dict[str, Any]) -> None:
    """
    Each selector of an alert selects something in a shop that has just begun.
    """
    existing = series()
    selectors = SELECTOR.findall(rule["expr"])

    assert selectors or rule["expr"].startswith("up{")
    for name, matchers in selectors:
        assert [one for one, labels in existing if one == name and matches(labels, matchers)], name


def test_each_alert_says_what_to_do() -> None:
    """
    Each has another name, a severity, a summary and an action, and its brackets are closed.
    """
    assert len(RULES) == len({rule["alert"] for rule in RULES}) > 5
    for rule in RULES:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "action"}
        assert [0, 0, 0] == [
            rule["expr"].count(a) - rule["expr"].count(b) for a, b in ("()", "[]", "{}")
        ]
