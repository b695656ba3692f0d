"""The Postman collection (v2.1), made of the OpenAPI document: one request for each endpoint."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from attrs import frozen

from mechanic_http.openapi.document import document
from mechanic_http.openapi.introduction import SUMMARY
from mechanic_http.openapi.operations import TOKEN
from mechanic_http.openapi.postman_requests import STORY, Step

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_ABOUT: Final = f"""\
{SUMMARY}

`baseUrl` is where the shop is; `email`, `password` and `customerEmail` are those of the demo
(`mechanic-shop demo`). "Log in" stores the token that all other requests send. The requests of all
folders can be run in their order: each keeps in a variable what the next ones need.
"""
_IN_PATH: Final = re.compile(r"{(\w+)}")
_NUMBER: Final = re.compile(r'"({{\w+Id}})"')
"""A variable that holds a number stands in JSON without quotes."""

_SUCCESSES: Final = ("200", "201", "204", "303")


@frozen
class Responder:
    """An operation of the document, and where it is."""

    method: str
    path: str
    told: Mapping[str, Any]

    @property
    def status(self) -> str:
        """Return the status of its success."""
        return next(status for status in _SUCCESSES if status in self.told["responses"])


def collection(**variables: str) -> dict[str, Any]:
    """Return the collection; *variables* are set in it at first, *baseUrl* among them."""
    endpoints = _endpoints()
    folders = groupby(STORY, key=lambda step: endpoints[step.operation_id].told["tags"][0])
    kept = dict.fromkeys(name for step in STORY for name in step.keeps)
    return {
        "info": {"name": "Mechanic Shop", "description": _ABOUT, "schema": _SCHEMA},
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}],
        },
        "variable": [
            {"key": name, "value": variables.get(name, "")} for name in {**variables, **kept}
        ],
        "item": [
            {"name": tag, "item": [_item(step, endpoints[step.operation_id]) for step in steps]}
            for tag, steps in folders
        ],
    }


def as_json(**variables: str) -> str:
    """Return the collection as the file that Postman imports."""
    return json.dumps(collection(**variables), indent=2, ensure_ascii=False) + "\n"


def _endpoints() -> dict[str, Responder]:
    return {
        told["operationId"]: Responder(method.upper(), path, told)
        for path, item in document()["paths"].items()
        for method, told in item.items()
        if method != "parameters"
    }


def _item(step: Step, endpoint: Responder) -> dict[str, Any]:
    item = {
        "name": step.name or endpoint.told["summary"],
        "request": _request(step, endpoint),
        "event": [
            {
                "listen": "test",
                "script": {"type": "text/javascript", "exec": list(_script(step, endpoint))},
            }
        ],
    }
    if endpoint.status.startswith("3"):
        item["protocolProfileBehavior"] = {"followRedirects": False}
    return item


def _request(step: Step, endpoint: Responder) -> dict[str, Any]:
    told = endpoint.told
    request = {
        "method": endpoint.method,
        "description": told["description"],
        "header": [{"key": "Accept", "value": "application/json"}],
        "url": _url(step, endpoint),
    }
    if not any(TOKEN in way for way in told["security"]):
        request["auth"] = {"type": "noauth"}
    if "requestBody" in told:
        media_type, content = next(iter(told["requestBody"]["content"].items()))
        request["header"].append({"key": "Content-Type", "value": media_type})
        request["body"] = {"mode": "raw", "raw": _body(step, content["example"])}
        request["body"]["options"] = {"raw": {"language": "json"}}
    return request


def _url(step: Step, endpoint: Responder) -> dict[str, Any]:
    path = endpoint.path.lstrip("/")
    if step.spare:
        path = path.replace(_IN_PATH.findall(path)[-1], "spare_id")
    path = _IN_PATH.sub(lambda found: _variable(found[1]), path)
    return {
        "raw": f"{{{{baseUrl}}}}/{path}",
        "host": ["{{baseUrl}}"],
        "path": path.split("/"),
        "query": [
            {
                "key": one["name"],
                "value": str(one["schema"].get("examples", [""])[0]),
                "description": one["description"],
                "disabled": True,
            }
            for one in endpoint.told.get("parameters", [])
            if one.get("in") == "query"
        ],
    }


def _body(step: Step, example: Mapping[str, Any]) -> str:
    """Return the example as text; ids are those that were kept on the way."""
    ids = {name: _variable(name) for name in example if name.endswith("_id")}
    whole = {**example, **ids, **step.body}
    given = {name: value for name, value in whole.items() if value is not None}
    return _NUMBER.sub(r"\1", json.dumps(given, indent=2, ensure_ascii=False))


def _script(step: Step, endpoint: Responder) -> Iterator[str]:
    status = endpoint.status
    yield f'pm.test("answers {status}", () => pm.response.to.have.status({status}));'
    for variable, member in step.keeps.items():
        yield f'pm.collectionVariables.set("{variable}", pm.response.json().{member});'


def _variable(name: str) -> str:
    """Return how Postman writes the variable for an id."""
    first, *more = name.split("_")
    return "{{" + first + "".join(word.title() for word in more) + "}}" if more else _EXAMPLE


_EXAMPLE: Final = "insufficient-stock"
"""What stands for `code` in an address."""
