"""Schemathesis on every operation, as every role, on both databases."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection

from mechanic_http.app import App
from tests.api.documents import document_for
from tests.api.shops import ACTORS, open_app
from tests.integration.databases import DATABASES, new_shop_url
from tests.integration.servers import PostgresServer, postgres_server
from tests.unit.http.shop import bearer

LONG = "SCHEMATHESIS_EXAMPLES"
EXAMPLES = int(os.environ.get(LONG, "5"))
KNOWN_IDS = 40
"""The demo data has at least so many records of each noun."""

MOST = 2**63

CONFIG = {
    "generation": {"max-examples": EXAMPLES, "deterministic": LONG not in os.environ},
    "checks": {
        # Rules between members and unknown ids are not in the schema, only in responses.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {
            "expected-statuses": [400, 401, 403, 404, 406, 409, 412, 413, 415, 422]
        },
    },
}


def _schema(role: str) -> Any:
    # A manager may call everything, so the coverage phase runs as one.
    phases = {"coverage": {"enabled": role == "manager"}}
    config = SchemathesisConfig.from_dict(CONFIG | {"phases": phases})
    return schemathesis.openapi.from_dict(document_for(role), config=config)


SCHEMAS = {role: _schema(role) for role in ACTORS}


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server(durable=False) as server:
        yield server


@pytest.fixture(scope="module", params=DATABASES)
def app(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> Iterator[App]:
    """The application on each kind of database."""
    with open_app(new_shop_url(request.param, tmp_path_factory.mktemp("shop"), postgres)) as found:
        yield found


@schemathesis.hook
def map_path_parameters(_: Any, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Make most ids exist."""
    return given and {name: _known(value) for name, value in given.items()}


def _known(value: Any) -> Any:
    return 1 + value % KNOWN_IDS if type(value) is int and 0 < value < MOST else value


def _has_outer_blanks(body: Any) -> bool:
    """Return whether a member, at any depth, is a text that begins or ends with blanks.

    They do not count: a text of blanks is as if not given, others may be longer with them.
    """
    if isinstance(body, str):
        return body != body.strip()
    members = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return any(map(_has_outer_blanks, members))


@schemathesis.pytest.parametrize(**SCHEMAS)
def test_answers_as_documented(case: Any, app: App) -> None:
    """
    Valid and invalid requests get documented statuses, headers and members, and never a fault.
    """
    role = case.operation.schema.raw_schema["info"]["x-role"]
    plain = {"Accept-Encoding": "identity"}  # the test client does not decompress
    case.operation.app = case.operation.schema.app = app  # for checks that repeat a request
    excluded = [negative_data_rejection] if _has_outer_blanks(case.body) else []
    headers = bearer(ACTORS[role]) | plain
    case.call_and_validate(app=app, headers=headers, excluded_checks=excluded)
