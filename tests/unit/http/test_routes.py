"""Addresses: their other names, their methods, their ids, and what is created at them."""

import pytest

from mechanic_core.access import Actor
from mechanic_http.endpoint.operation import Operation
from mechanic_http.routes import DOCUMENTED
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, client
from tests.unit.http.test_contract import CONTRACT, WHO, Asked, busy


@pytest.mark.parametrize(
    ("path", "alias", "actor"),
    [
        ("/my-tickets", "/customers/my-tickets", CUSTOMER),
        ("/my-tickets", "/service_tickets/my-tickets", CUSTOMER),
        ("/my-tickets", "/service-tickets/my-tickets/", CUSTOMER),
        ("/service_tickets/1", "/service-tickets/1", MECHANIC),
        ("/service_tickets/1/history", "/service-tickets/1/history/", MECHANIC),
        ("/inventory", "/inventory/", ANONYMOUS),
    ],
)
def test_answers_alike_under_another_name(path: str, alias: str, actor: Actor) -> None:
    """
    Aliases and a trailing slash lead to the same answer.
    """
    line = busy()

    assert line.get(path, actor).json == line.get(alias, actor).json


def test_customers_log_in_by_the_alias() -> None:
    """
    `/customers/login` is `/login`.
    """
    assert 200 == client().ask("POST", "/customers/login", WHO).status_code


def test_logs_in_with_an_old_token_in_hand() -> None:
    """
    A client that shows an expired token at the door is not turned away for it.
    """
    found = client().ask("POST", "/login", WHO, headers={"Authorization": "Bearer expired"})

    assert 200 == found.status_code


@pytest.mark.parametrize("asked", [a for a in CONTRACT if a.method == "GET"], ids=lambda a: a.path)
def test_answers_head_like_get(asked: Asked) -> None:
    """
    HEAD has the status and headers of GET, and no body.
    """
    line = busy()
    named = {"X-Request-ID": "one"}

    got = line.ask("GET", asked.path, actor=asked.actor, headers=named)
    head = line.ask("HEAD", asked.path, actor=asked.actor, headers=named)

    assert (got.status_code, got.headers) == (head.status_code, head.headers)
    assert "" == head.text


def test_tells_the_methods_of_a_resource() -> None:
    """
    OPTIONS answers `Allow`, and asks for no token.
    """
    found = client().ask("OPTIONS", "/customers/1")

    assert 204 == found.status_code
    assert "DELETE, GET, HEAD, OPTIONS, PATCH, PUT" == found.headers["allow"]


@pytest.mark.parametrize("path", ["/customers/0", "/customers/01", "/customers/x", "/customers/-1"])
def test_knows_no_other_ids(path: str) -> None:
    """
    What is no id names nothing.
    """
    assert 404 == client().get(path, MANAGER).status_code


def test_knows_no_id_that_no_store_can_hold() -> None:
    """
    An id beyond 64 bits names nothing.
    """
    line = client()

    assert [404, 404] == [
        line.get(f"/inventory/{number}").status_code for number in (2**63 - 1, 2**63)
    ]


def test_places_what_it_creates() -> None:
    """
    Everything created has an address.
    """
    line = busy()
    creating = [a for a in CONTRACT if a.status == 201]

    found = [line.ask(a.method, a.path, a.body, a.actor).headers["location"] for a in creating]

    assert [
        "/customers/3",
        "/vehicles/3",
        "/mechanics/3",
        "/service_tickets/3",
        "/service_tickets/1/parts/2",
        "/service_tickets/1/labor/2",
        "/inventory/3",
        "/inventory/1/movements",
    ] == found


def operations() -> list[Operation]:
    """Return what every endpoint declares."""
    return [operation for route in DOCUMENTED for operation in route.operations.values()]


def test_calls_every_operation_by_its_own_name() -> None:
    """
    Operation ids are unique.
    """
    names = [operation.operation_id for operation in operations()]

    assert sorted(set(names)) == sorted(names)
