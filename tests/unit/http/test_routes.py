"""Routes: aliases, methods, ids and the addresses of new resources."""

import pytest

from mechanic_core.access import Actor
from mechanic_http.endpoint.operation import Operation
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, client
from tests.unit.http.test_contract import CONTRACT, WHO, RequestCase, client_with_records


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
def test_aliases_respond_alike(path: str, alias: str, actor: Actor) -> None:
    """
    Aliases and a trailing slash lead to the same response.
    """
    shop = client_with_records()

    assert shop.get(path, actor).json == shop.get(alias, actor).json


def test_customers_log_in_by_the_alias() -> None:
    """
    `/customers/login` is an alias of `/login`.
    """
    assert 200 == client().ask("POST", "/customers/login", WHO).status_code


def test_login_ignores_an_expired_token() -> None:
    """
    A client that sends an expired token with its credentials can log in.
    """
    found = client().ask("POST", "/login", WHO, headers={"Authorization": "Bearer expired"})

    assert 200 == found.status_code


@pytest.mark.parametrize("case", [c for c in CONTRACT if c.method == "GET"], ids=lambda c: c.path)
def test_head_responds_like_get(case: RequestCase) -> None:
    """
    HEAD has the status and headers of GET without a body.
    """
    shop = client_with_records()
    named = {"X-Request-ID": "one"}

    got = shop.ask("GET", case.path, actor=case.actor, headers=named)
    head = shop.ask("HEAD", case.path, actor=case.actor, headers=named)

    assert (got.status_code, got.headers) == (head.status_code, head.headers)
    assert "" == head.text


def test_options_lists_the_methods() -> None:
    """
    OPTIONS responds with `Allow` and requires no token.
    """
    found = client().ask("OPTIONS", "/customers/1")

    assert 204 == found.status_code
    assert "DELETE, GET, HEAD, OPTIONS, PATCH, PUT" == found.headers["allow"]


@pytest.mark.parametrize("path", ["/customers/0", "/customers/01", "/customers/x", "/customers/-1"])
def test_rejects_malformed_ids(path: str) -> None:
    """
    A malformed id is not found.
    """
    assert 404 == client().get(path, MANAGER).status_code


def test_rejects_ids_beyond_64_bits() -> None:
    """
    An id beyond 64 bits is not found.
    """
    shop = client()

    assert [404, 404] == [
        shop.get(f"/inventory/{number}").status_code for number in (2**63 - 1, 2**63)
    ]


def test_locates_new_resources() -> None:
    """
    A response that creates something has its address in `Location`, unless that is a secret.
    """
    shop = client_with_records()
    creating = [
        case
        for case in CONTRACT
        if case.status == 201 and not case.path.endswith(("/password_resets", "/links"))
    ]

    locations = [
        shop.ask(case.method, case.path, case.body, case.actor, case.headers).headers["location"]
        for case in creating
    ]

    assert [
        "/customers/3",
        "/vehicles/3",
        "/mechanics/3",
        "/service_tickets/5",
        "/service_tickets/1/parts/2",
        "/service_tickets/1/labor/4",
        "/service_tickets/1/charges/2",
        "/service_tickets/1/jobs/7",
        "/service_tickets/2/estimates/3",
        "/service_tickets/2/decisions",
        "/service_tickets/2/decisions",
        "/invoices/2",
        "/credit_notes/2",
        "/payments/2",
        "/payments/1",
        "/inventory/4",
        "/inventory/1/movements",
    ] == locations


def operations() -> list[Operation]:
    """Return every operation."""
    return [operation for route in ROUTES for operation in route.operations.values()]


def test_has_unique_operation_ids() -> None:
    """
    Operation ids are unique.
    """
    names = [operation.operation_id for operation in operations()]

    assert sorted(set(names)) == sorted(names)
