"""The order in which a Postman runner can send every request, derived from the OpenAPI document.

Folders are tags, each behind those that create what its requests refer to. A request that creates
something stores its id for those that follow, and what goes is created for that purpose.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from mechanic_core.access import Role
from mechanic_http.endpoint.body import JSON
from mechanic_http.openapi.parameters import REQUIRED_KEY

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
_METHODS: Final = ("post", "get", "delete", "put", "patch")
"""DELETE comes before PUT: what a PUT has added remains for later requests."""

_PARAMETER: Final = re.compile(r"{(\w+)}")
_SUCCESS: Final = ("201", "200", "202", "204", "303")
_CREATED: Final = "$response.body#/"
_TAKEN: Final = "-taken"
"""A refusal of this name says which member must be unique: `email-taken`."""


@frozen
class Endpoint:
    """An operation of the document; *required* are the members that its body must have."""

    method: str
    path: str
    operation: Mapping[str, Any]
    required: frozenset[str]

    @property
    def tag(self) -> str:
        """Return the name of the folder."""
        return str(self.operation["tags"][0])

    @property
    def name(self) -> str:
        """Return the id of the operation."""
        return str(self.operation["operationId"])

    @property
    def status(self) -> str:
        """Return the status of a successful response."""
        return next(status for status in _SUCCESS if status in self.operation["responses"])

    @property
    def media_type(self) -> str:
        """Return the media type of a successful response; JSON where it has no content."""
        content = self.operation["responses"][self.status].get("content", {})
        return str(next(iter(content), JSON))

    @property
    def links(self) -> Mapping[str, Any]:
        """Return the links to operations on what this one creates, by operation id."""
        links: Mapping[str, Any] = self.operation["responses"][self.status].get("links", {})
        return links

    @property
    def parameters(self) -> frozenset[str]:
        """Return the parameters of the path."""
        return frozenset(_PARAMETER.findall(self.path))

    @property
    def requires_key(self) -> bool:
        """Return whether nothing is done without an `Idempotency-Key`."""
        references = (one.get("$ref", "") for one in self.operation.get("parameters", ()))
        return any(one.endswith(f"/{REQUIRED_KEY}") for one in references)

    @property
    def is_for_customers(self) -> bool:
        """Return whether only customers may do it."""
        roles: list[str] = self.operation.get("x-access", _EMPTY).get("roles", [])
        return roles == [Role.CUSTOMER]

    @property
    def created(self) -> Mapping[str, str]:
        """Return the members of what it creates that fill path parameters of linked operations."""
        return {
            parameter: source.removeprefix(_CREATED)
            for link in self.links.values()
            for parameter, source in link["parameters"].items()
            if source.startswith(_CREATED)
        }

    @property
    def example(self) -> Mapping[str, Any]:
        """Return the example of the body that is sent first."""
        contents = self.operation.get("requestBody", {"content": {"": {"example": _EMPTY}}})
        example: Mapping[str, Any] = next(iter(contents["content"].values()))["example"]
        return example

    @property
    def unique_members(self) -> dict[str, str | None]:
        """Return other values for members that must be unique: Postman replaces `$guid`."""
        conflicts = self.operation["responses"].get("409", {}).get("$ref", "").rpartition("/")[2]
        names = [code.removesuffix(_TAKEN) for code in conflicts.split("-or-") if _TAKEN in code]
        values: dict[str, str | None] = {}
        for name in set(names).intersection(self.example):
            local, at, domain = self.example[name].partition("@")
            is_needed = name in self.required or at  # who has a login keeps an e-mail address
            values[name] = f"{local}.{{{{$guid}}}}{at}{domain}" if is_needed else None
        return values


@frozen
class Step:
    """One request.

    *stores* maps variables to the members of the response that fill them; *body* replaces members
    of the example, None removes one. *spare*: the last id in the path is that of something spare.
    """

    endpoint: Endpoint
    stores: Mapping[str, str] = _EMPTY
    body: Mapping[str, Any] = _EMPTY
    title: str = ""
    spare: bool = False

    @property
    def name(self) -> str:
        """Return the title, by default the operation's summary."""
        return self.title or str(self.endpoint.operation["summary"])


_TOKENS: Final = MappingProxyType({"token": "token", "refreshToken": "refresh_token"})
_CUSTOMER_TOKEN: Final = MappingProxyType({"customerToken": "token"})
_STAFF: Final = {"email": "{{email}}", "password": "{{password}}"}
_CUSTOMER: Final = {"email": "{{customerEmail}}", "password": "{{password}}"}
_REFRESH: Final = {"refresh_token": "{{refreshToken}}"}
_PASSWORDS: Final = {"current_password": "{{password}}", "new_password": "{{password}}"}

SESSION: Final = (
    ("log_in_staff", _TOKENS, _STAFF),
    ("read_me", _EMPTY, _EMPTY),
    ("change_password", _EMPTY, _PASSWORDS),
    ("refresh_tokens", _TOKENS, _REFRESH),
    ("log_out", _EMPTY, _REFRESH),
    ("log_in_customer", _CUSTOMER_TOKEN, _CUSTOMER),
    ("log_in_staff", _TOKENS, _STAFF),
)
"""Requests about sessions have an order of their own: operation, what it stores, its body."""

STORES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "issue_customer_reset": MappingProxyType({"linkToken": "token"}),
        "make_estimate": MappingProxyType({"firstJobId": "jobs[0].id"}),
        "list_recommendations": MappingProxyType({"recommendationId": "items[0].id"}),
    }
)
"""What responses have for later requests, apart from the id of what they create."""

BODIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = MappingProxyType(
    {
        "assign_mechanics": ({"add_ids": ["{{mechanicId}}"], "remove_ids": None},),
        "add_job": ({"title": "Wiper blades"}, _EMPTY),
        "make_estimate": ({"job_ids": None, "valid_until": None},),
        "decide_on_estimate": ({"answers": [{"job_id": "{{firstJobId}}", "answer": "declined"}]},),
        "credit_invoice": ({"lines": None, "all": True},),
        "take_payment": ({"received_on": None},),
        "move_ticket": ({"to": "in_progress"}, {"to": "completed"}),
    }
)
"""Members of bodies that examples can't have, by operation; one request is sent for each body."""

MAKES: Final = MappingProxyType(
    {"decide_on_estimate": "recommendation_id", "move_ticket": "completed_ticket"}
)
"""What operations make beside what they respond with: the parameter of requests that need it."""

NEEDS: Final = MappingProxyType({"issue_invoice": "completed_ticket"})
"""What operations need beside the parameters of their paths and bodies."""

SPARES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {"archive_part": MappingProxyType({"quantity": 0})}
)
"""Members of what is created to be deleted, by the operation that deletes it."""

CONSUMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"merge_customers": ("from_id", "register_customer")}
)
"""The member of the body that names a thing which is gone afterwards, and what creates it."""


def sequence(document: Mapping[str, Any]) -> Iterator[Step]:
    """Return a step for each operation of *document*, in an order that can be run."""
    endpoints = _endpoints(document)
    yield from (Step(endpoints[name], stores, body) for name, stores, body in SESSION)
    for name in {name for name, _, _ in SESSION}:
        endpoints.pop(name)
    creators = {name: one for one in endpoints.values() for name in one.links}
    creators |= {name: endpoints[creator] for name, (_, creator) in CONSUMES.items()}
    for tag in _folders(endpoints.values()):
        folder = {name: one for name, one in endpoints.items() if one.tag == tag}
        for name, endpoint in _in_order(folder):
            yield from _steps(name, endpoint, creators.get(name))


def _folders(endpoints: Collection[Endpoint]) -> Iterator[str]:
    """Yield the tags: first those that create something, each behind those that it refers to."""
    creates: dict[str, set[str]] = {endpoint.tag: set() for endpoint in endpoints}
    refers: dict[str, set[str]] = {endpoint.tag: set() for endpoint in endpoints}
    for endpoint in endpoints:
        creates[endpoint.tag] |= {*endpoint.created, *MAKES.get(endpoint.name, "").split()}
        members = (name.replace("_ids", "_id") for name in endpoint.example)
        needed = NEEDS.get(endpoint.name, "").split()
        refers[endpoint.tag] |= {*endpoint.parameters, *members, *needed}
    missing = set[str]().union(*creates.values())
    while creates:
        ready = (tag for tag in creates if not refers[tag] & missing - creates[tag])
        tag = min(ready, key=lambda tag: not creates[tag])
        missing -= creates.pop(tag)
        yield tag


def _in_order(folder: Mapping[str, Endpoint]) -> Iterator[tuple[str, Endpoint]]:
    """Yield the endpoints of a folder, each behind those that create what its path names."""
    waiting = dict(folder)
    missing = set[str]().union(*(one.created for one in waiting.values()))
    while waiting:
        ready = (name for name, one in waiting.items() if not missing & one.parameters)
        name = next(ready)
        endpoint = waiting.pop(name)
        missing -= endpoint.created.keys()
        yield name, endpoint


def variable(parameter: str) -> str:
    """Return the variable of a path parameter: `customerId` for `customer_id`."""
    first, *more = parameter.split("_")
    return first + "".join(word.title() for word in more)


def _endpoints(document: Mapping[str, Any]) -> dict[str, Endpoint]:
    return {
        item[method]["operationId"]: Endpoint(
            method.upper(), path, item[method], _required(document, item[method])
        )
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    }


def _required(document: Mapping[str, Any], operation: Mapping[str, Any]) -> frozenset[str]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        (form, *_) = content["schema"].get("anyOf", [content["schema"]])
        schema = document["components"]["schemas"][form["$ref"].rpartition("/")[2]]
        return frozenset(schema.get("required", ()))
    return frozenset()


def _steps(name: str, endpoint: Endpoint, creator: Endpoint | None) -> Iterator[Step]:
    """Return the step of one endpoint, or several; *creator* creates what it is about."""
    consumed, _ = CONSUMES.get(name, ("", ""))
    if creator and (consumed or endpoint.method == "DELETE"):
        purpose = re.split("[;:]", creator.operation["summary"])[0]
        yield Step(
            creator,
            {variable("spare_id"): "id"},
            {**creator.unique_members, **SPARES.get(name, _EMPTY)},
            f"{purpose}, to be {'merged' if consumed else 'deleted'}",
        )
        body = {consumed: "{{spareId}}"} if consumed else _EMPTY
        yield Step(endpoint, body=body, spare=not consumed)
        return
    stores = {variable(parameter): member for parameter, member in endpoint.created.items()}
    stores |= STORES.get(name, {})
    for body in BODIES.get(name, (_EMPTY,)):
        yield Step(endpoint, stores, {**endpoint.unique_members, **body})
