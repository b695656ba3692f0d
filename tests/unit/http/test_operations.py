"""Operations: every endpoint responds as it declares, whatever the request."""

import json
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanic_core.access import PUBLIC, Actor
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.use_cases import ReadPart
from mechanic_http.endpoint.arguments import Call
from mechanic_http.endpoint.operation import Operation, endpoint
from mechanic_http.endpoint.pagination import CursorSigner
from mechanic_http.endpoint.responder import BoundResource, EndpointOptions
from mechanic_http.endpoint.response import EncodedResponse
from mechanic_http.json import codec
from mechanic_http.json.members import member_names
from mechanic_http.routes import ROUTES
from tests.shops import MECHANIC
from tests.strategies import records
from tests.unit.http.documented import documented_operations
from tests.unit.http.shop import ROLES, Client, client
from tests.unit.http.test_contract import client_with_records

ENDPOINTS = [
    (route.template, operation) for route in ROUTES for operation in route.operations.values()
]

NAMES = [operation.operation_id for _, operation in ENDPOINTS]
DOCUMENTED_STATUSES = {one.name: set(one.operation["responses"]) for one in documented_operations()}
SHARE = 10
"""Every endpoint is asked; of how often a property is tried, each gets that part."""

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["19.99", "2026-01-31", "open", "a@b.example"])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def bodies_of(operation: Operation) -> st.SearchStrategy[bytes | None]:
    """Return valid bodies, almost valid bodies, and any other."""
    form = operation.signature.body
    if form is None:
        return st.none()
    names = st.sampled_from(sorted({*member_names(form), "id", "strange"}))
    stored = records(form).map(codec.encode)
    near = st.dictionaries(names, JSON, max_size=6).map(_dumped)
    return st.one_of(stored, near, JSON.map(_dumped), st.binary(max_size=30))


def _dumped(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def queries_of(operation: Operation) -> st.SearchStrategy[str]:
    """Return query strings: mostly none, else known and unknown names with any value."""
    names = st.sampled_from([*sorted(member_names(operation.signature.query)), "strange"])
    values = st.sampled_from(["1", "2", "0", "true", "open", "2026-01-01", "x", "%FF", "%00", ""])
    pairs = st.lists(st.tuples(names, values).map("=".join), max_size=3).map("&".join)
    return st.just("") | pairs.map(lambda told: f"?{told}" if told else "")


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "If-Match": st.sampled_from(["*", '"1-00000000"', '"9-00000000"', "x"]),
        "If-None-Match": st.sampled_from(["*", '"x"', "x"]),
        "Accept": st.sampled_from(["*/*", "text/html"]),
        "Accept-Encoding": st.sampled_from(["gzip", "identity"]),
    },
)


@frozen
class Sample:
    """One request for an endpoint."""

    operation: Operation
    path: str
    actor: Actor
    raw: bytes | None
    headers: dict[str, str]


def samples_of(template: str, operation: Operation) -> st.SearchStrategy[Sample]:
    """Return requests for one endpoint."""
    ids = st.fixed_dictionaries({name: st.integers(1, 3) for name in operation.signature.ids})
    paths = st.builds(
        lambda given, query: template.format_map(given) + query, ids, queries_of(operation)
    )
    who = st.sampled_from(ROLES)
    return st.builds(Sample, st.just(operation), paths, who, bodies_of(operation), CONDITIONS)


@pytest.mark.parametrize(("template", "operation"), ENDPOINTS, ids=NAMES)
@settings(max_examples=max(5, settings().max_examples // SHARE))
@given(data=st.data())
def test_responds_only_with_documented_statuses(
    template: str, operation: Operation, data: st.DataObject
) -> None:
    """
    Any JSON to any route from any role has a status that the document names, and never 500.
    """
    request = data.draw(samples_of(template, operation))
    found = client_with_records().ask(
        request.operation.method,
        request.path,
        actor=request.actor,
        raw=request.raw,
        headers=request.headers,
    )

    assert str(found.status_code) in DOCUMENTED_STATUSES[operation.operation_id], found.text


def test_statuses_follow_from_the_declaration() -> None:
    """
    The statuses of an operation follow from its declaration.
    """
    (change,) = (operation for _, operation in ENDPOINTS if operation.operation_id == "patch_part")
    (read,) = (operation for _, operation in ENDPOINTS if operation.operation_id == "read_part")

    assert {200, 400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 428, 429, 503} == change.statuses
    assert {200, 304, 400, 401, 404, 406, 412, 422, 429, 503} == read.statuses


EQUIPMENT = EndpointOptions(cursor_signer=CursorSigner(b"s" * 32))


def test_refuses_a_method_without_a_policy() -> None:
    """
    A method that is not declared an endpoint stops the start.
    """

    class Careless:
        """A resource without a declaration."""

        def on_get(self) -> None:
            """Answer anybody."""

    with pytest.raises(TypeError, match="policy"):
        BoundResource("/careless", Careless(), EQUIPMENT)


def test_refuses_a_template_with_other_ids() -> None:
    """
    A template whose ids differ from the method's stops the start.
    """

    class Misplaced:
        """A resource at the wrong path."""

        @endpoint(ReadPart)
        def on_get(self, actor: Actor, part_id: PartId) -> Part:
            """Read."""
            raise NotImplementedError

    with pytest.raises(TypeError, match="part_id"):
        BoundResource("/parts/{other_id}", Misplaced(), EQUIPMENT)


def test_refuses_an_unsupported_parameter() -> None:
    """
    A parameter of an unsupported type is refused when the module is imported.
    """
    with pytest.raises(TypeError, match="surprise"):

        @endpoint(ReadPart)
        def on_get(actor: Actor, surprise: float) -> Part:
            raise NotImplementedError


def test_an_operation_is_data() -> None:
    """
    An operation has, as data, what its documentation needs.
    """
    (change,) = (
        operation for _, operation in ENDPOINTS if operation.operation_id == "change_customer"
    )

    assert ("PUT", "customers", True, True, ("customer_id",)) == (
        change.method,
        change.tag,
        change.signature.replaces,
        change.signature.conditional,
        change.signature.ids,
    )
    assert "Replace a customer" == change.summary


def test_an_interceptor_wraps_an_endpoint() -> None:
    """
    An interceptor sees the call after authorization, and may return a response itself.
    """
    seen: list[tuple[str, Actor, bytes | None, int]] = []
    stored: dict[str, EncodedResponse] = {}

    def intercept(operation: Operation) -> Any:
        def around(call: Call, run: Any) -> EncodedResponse:
            key = f"{operation.operation_id} {call.arguments}"
            answer = stored.setdefault(key, run())
            seen.append((operation.operation_id, call.actor, call.raw_body, answer.status))
            return answer

        return around if operation.method == "POST" and operation.policy is not PUBLIC else None

    shop: Client = client(intercept=intercept)
    body = {"name": "Oil", "price": 7}

    first, again = (shop.ask("POST", "/inventory", body, MECHANIC) for _ in "12")
    shop.ask("POST", "/inventory", body)
    shop.get("/inventory/1")

    assert first.json == again.json
    assert first.headers["location"] == again.headers["location"]
    assert [("add_part", MECHANIC, b'{"name": "Oil", "price": 7}', 201)] * 2 == seen
