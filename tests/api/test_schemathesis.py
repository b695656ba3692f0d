"""Schemathesis on every operation, as every role, on both databases."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from mechanic_http.app import App
from tests.api.documents import document_for
from tests.api.shops import WHO, open_app
from tests.integration.databases import DATABASES, new_shop_url
from tests.integration.servers import PostgresServer, postgres_server
from tests.unit.http.shop import bearer

LONG = "SCHEMATHESIS_EXAMPLES"
EXAMPLES = int(os.environ.get(LONG, "5"))
KNOWN_IDS = 40
"""The demo has that many of everything, or more."""

MOST = 2**63

CONFIG = {
    "generation": {"max-examples": EXAMPLES, "deterministic": LONG not in os.environ},
    "checks": {
        # Rules between members, ids that name nothing: the schema can't tell, the answer does.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {
            "expected-statuses": [400, 401, 403, 404, 406, 409, 412, 413, 415, 422]
        },
    },
}


def _schema(role: str) -> Any:
    # The manager gets behind every door, so every corner of every schema is tried as one.
    phases = {"coverage": {"enabled": role == "manager"}}
    config = SchemathesisConfig.from_dict(CONFIG | {"phases": phases})
    return schemathesis.openapi.from_dict(document_for(role), config=config)


SCHEMAS = {role: _schema(role) for role in WHO}


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
    """Have ids mostly name something."""
    return given and {name: _known(value) for name, value in given.items()}


def _known(value: Any) -> Any:
    return 1 + value % KNOWN_IDS if type(value) is int and 0 < value < MOST else value


@schemathesis.pytest.parametrize(**SCHEMAS)
def test_answers_as_documented(case: Any, app: App) -> None:
    """
    Whatever is sent, right or wrong: no fault, no status, header or member that is not documented.
    """
    role = case.operation.schema.raw_schema["info"]["x-role"]
    plain = {"Accept-Encoding": "identity"}  # in a process, nothing unpacks the answers
    case.operation.app = case.operation.schema.app = app  # for checks that send something again
    case.call_and_validate(app=app, headers=bearer(WHO[role]) | plain)
