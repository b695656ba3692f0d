"""The Postman collection (format 2.1), generated from the OpenAPI document."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from attrs import evolve

from mechanic_http.endpoint.operation import IDEMPOTENCY_KEY
from mechanic_http.openapi.document import SUMMARY, document
from mechanic_http.openapi.operations import TOKEN
from mechanic_http.openapi.postman_sequence import Endpoint, Step, sequence, variable

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DESCRIPTION: Final = f"""\
{SUMMARY}

`baseUrl` is the address of the server, with the prefix if a proxy serves it under one. `email`,
`password` and `customerEmail` are accounts of the demo data (`mechanic-shop demo`).

The requests can be run in the order of the collection: "Log in" stores the token that the other
requests send, and each request that creates something stores its id.
"""
_PATH_PARAMETER: Final = re.compile(r"{(\w+)}")
_QUOTED_ID: Final = re.compile(r'"({{\w+Id}})"')
"""An id is a number: its variable has no quotes in JSON."""

_PROBLEM_CODE: Final = "insufficient-stock"
"""The value of `code` in a path."""


def collection(**variables: str) -> dict[str, Any]:
    """Return the collection; *variables* are its variables with their values."""
    steps = list(_with_unique_names(sequence(document())))
    stored = dict.fromkeys(name for step in steps for name in step.stores)
    return {
        "info": {"name": "Mechanic Shop", "description": _DESCRIPTION, "schema": _SCHEMA},
        "auth": _bearer("token"),
        "variable": [
            {"key": name, "value": variables.get(name, "")} for name in {**variables, **stored}
        ],
        "item": [
            {"name": tag, "item": [_item(step) for step in folder]}
            for tag, folder in groupby(steps, key=lambda step: step.endpoint.tag)
        ],
    }


def as_json(**variables: str) -> str:
    """Return the collection as a JSON file that Postman imports."""
    return json.dumps(collection(**variables), indent=2, ensure_ascii=False) + "\n"


def _with_unique_names(steps: Iterable[Step]) -> Iterator[Step]:
    seen = Counter[str]()
    for step in steps:
        seen[step.name] += 1
        number = seen[step.name]
        yield step if number == 1 else evolve(step, title=f"{step.name} ({number})")


def _item(step: Step) -> dict[str, Any]:
    item = {
        "name": step.name,
        "request": _request(step, step.endpoint),
        "event": [
            {
                "listen": "test",
                "script": {"type": "text/javascript", "exec": list(_script(step))},
            }
        ],
    }
    if step.endpoint.status.startswith("3"):
        item["protocolProfileBehavior"] = {"followRedirects": False}
    return item


def _request(step: Step, endpoint: Endpoint) -> dict[str, Any]:
    operation = endpoint.operation
    request = {
        "method": endpoint.method,
        "description": operation["description"],
        "header": [{"key": "Accept", "value": endpoint.media_type}],
        "url": _url(step, endpoint),
    }
    if not any(TOKEN in scheme for scheme in operation["security"]):
        request["auth"] = {"type": "noauth"}
    elif endpoint.is_for_customers:
        request["auth"] = _bearer("customerToken")
    if endpoint.requires_key:
        request["header"].append({"key": IDEMPOTENCY_KEY, "value": "{{$guid}}"})
    if "requestBody" in operation:
        media_type = next(iter(operation["requestBody"]["content"]))
        request["header"].append({"key": "Content-Type", "value": media_type})
        request["body"] = {"mode": "raw", "raw": _body(step)}
        request["body"]["options"] = {"raw": {"language": "json"}}
    return request


def _bearer(stored: str) -> dict[str, Any]:
    """Return the authentication with the token in the variable *stored*."""
    return {
        "type": "bearer",
        "bearer": [{"key": "token", "value": f"{{{{{stored}}}}}", "type": "string"}],
    }


def _url(step: Step, endpoint: Endpoint) -> dict[str, Any]:
    path = endpoint.path.lstrip("/").replace("{code}", _PROBLEM_CODE)
    if step.spare:
        path = path.replace(_PATH_PARAMETER.findall(path)[-1], "spare_id")
    path = _PATH_PARAMETER.sub(lambda match: _placeholder(match[1]), path)
    return {
        "raw": f"{{{{baseUrl}}}}/{path}",
        "host": ["{{baseUrl}}"],
        "path": path.split("/"),
        "query": [
            {
                "key": parameter["name"],
                "value": str(parameter["schema"].get("examples", [""])[0]),
                "description": parameter["description"],
                "disabled": True,
            }
            for parameter in endpoint.operation.get("parameters", [])
            if parameter.get("in") == "query"
        ],
    }


def _body(step: Step) -> str:
    """Return the example as text, with the stored ids in place of those in the example."""
    members = dict(step.endpoint.example)
    for name in members:
        if name.endswith("_id"):
            members[name] = _placeholder(name)
        if name.endswith("_ids"):
            members[name] = [_placeholder(name.removesuffix("s"))]
    given = {name: value for name, value in {**members, **step.body}.items() if value is not None}
    return _QUOTED_ID.sub(r"\1", json.dumps(given, indent=2, ensure_ascii=False))


def _placeholder(parameter: str) -> str:
    return f"{{{{{variable(parameter)}}}}}"


def _script(step: Step) -> Iterator[str]:
    status = step.endpoint.status
    yield f'pm.test("status is {status}", () => pm.response.to.have.status({status}));'
    for name, member in step.stores.items():
        yield f'pm.collectionVariables.set("{name}", pm.response.json().{member});'
