"""Records as components of the document: each is written once and referred to by its name."""

import inspect
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Any, Final, TypeAlias, final

import attrs
from apispec import APISpec

from mechanic_core.rules import Alias, Description, union_members, unwrap_annotated
from mechanic_http.json.structure_records import notes_of, published_name
from mechanic_http.json.unstructure import computed_of, published_fields
from mechanic_http.openapi.values import (
    Schema,
    annotation_of,
    decimals_of,
    nullable,
    present,
    schema_of,
)

Build: TypeAlias = Callable[[type], Schema]

_SECRETS: Final = "password"

_PAGE: Final[Schema] = {
    "page": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "Which page this is; null where a cursor was given.",
        "examples": [1],
    },
    "per_page": {"type": "integer", "minimum": 1, "maximum": 100, "examples": [20]},
    "has_more": {"type": "boolean", "description": "Whether more follows."},
    "next_cursor": {
        "type": ["string", "null"],
        "description": "What `cursor` continues with, at constant cost; null at the end.",
        "examples": ["MTU.4Zt0Vn1d0cUe8ewTuYw3Dg"],
    },
    "total": {
        "type": "integer",
        "minimum": 0,
        "description": "How many there are in all, where `include_total` asked for it.",
        "examples": [137],
    },
    "total_above": {
        "type": "integer",
        "minimum": 0,
        "description": "What is told in place of `total` where more than that agree with a filter.",
        "examples": [10000],
    },
}


@final
class Components:
    """Gives references to records, and writes each into the document the first time."""

    def __init__(self, spec: APISpec) -> None:
        """Write into *spec*."""
        self._spec = spec
        self._kept: dict[str, tuple[type, Build]] = {}

    def taken(self, cls: type) -> Schema:
        """Return the schema of a body; members that it does not know are refused."""
        return self._refer(cls.__name__, cls, self._body)

    def merged(self, cls: type) -> Schema:
        """Return the schema of a merge patch on a body (RFC 7396)."""
        return self._refer(f"{cls.__name__}Patch", cls, self._patch)

    def told(self, declared: Any) -> Schema:
        """Return the schema of an answer: a record, or any of several."""
        return schema_of(declared, self._answered, taken=False)

    def page_of(self, declared: Any) -> Schema:
        """Return the schema of a piece of a list."""
        most_told = union_members(declared)[0][-1]
        return self.named(f"{most_told.__name__}Page", _page(self.told(declared)))

    def parameter(self, field: "attrs.Attribute[Any]") -> Schema:
        """Return a query parameter; raise `TypeError` for a field without a `Description`."""
        if not (description := annotation_of(field.type, Description)):
            raise TypeError(f"the query parameter {field.name} has no Description")
        schema = present(schema_of(field.type, self._taken, taken=True)) | _default(field)
        schema.pop("description")
        # The example stays within the schema: given beside it, Swagger UI would fill it in.
        return {
            "name": published_name(field.name),
            "in": "query",
            "description": description.text,
            "schema": schema,
        }

    def named(self, name: str, schema: Schema) -> Schema:
        """Return a reference to a schema that is no record's."""
        if name not in self._spec.components.schemas:
            self._spec.components.schema(name, schema)
        return {"$ref": f"#/components/schemas/{name}"}

    def _taken(self, cls: type) -> Schema:
        return self._enumerated(cls) if issubclass(cls, Enum) else self.taken(cls)

    def _answered(self, cls: type) -> Schema:
        if issubclass(cls, Enum):
            return self._enumerated(cls)
        return self._refer(cls.__name__, cls, self._answer)

    def _enumerated(self, cls: type) -> Schema:
        return self._refer(cls.__name__, cls, _enumeration)

    def _refer(self, name: str, cls: type, build: Build) -> Schema:
        if name not in self._kept:
            self._kept[name] = (cls, build)
            self._spec.components.schema(name, build(cls))
        elif self._kept[name] != (cls, build):
            raise TypeError(f"the document would have two things called {name}")
        return {"$ref": f"#/components/schemas/{name}"}

    def _body(self, cls: type) -> Schema:
        fields = _given(cls)
        members = {published_name(f.name): self._member(f) for f in fields}
        required = [published_name(f.name) for f in fields if f.default is attrs.NOTHING]
        return {**_object(cls, members, required), "additionalProperties": False}

    def _patch(self, cls: type) -> Schema:
        members = {published_name(f.name): self._patched(f) for f in _given(cls)}
        return {
            **_object(cls, members, []),
            "description": f"{inspect.getdoc(cls)}\n\nWhat is left out stays; null takes away.",
            "additionalProperties": False,
        }

    def _member(self, field: "attrs.Attribute[Any]") -> Schema:
        schema = schema_of(field.type, self._taken, taken=True)
        if field.name.endswith(_SECRETS):
            schema["format"] = "password"
        for note in notes_of(field.type):
            if isinstance(note, Alias):
                schema["description"] = f"Taken as `{note.name}` too."
        return schema | _default(field)

    def _patched(self, field: "attrs.Attribute[Any]") -> Schema:
        schema = self._member(field)
        schema.pop("default", None)
        optional = union_members(unwrap_annotated(field.type)[0])[1] or "null" in schema.get(
            "type", ()
        )
        return schema if optional or field.default is attrs.NOTHING else nullable(schema)

    def _answer(self, cls: type) -> Schema:
        members: Schema = {
            published_name(f.name): schema_of(f.type, self._answered, taken=False)
            for f in published_fields(cls)
        }
        for name, (member, declared) in computed_of(cls).items():
            computed = schema_of(declared, self._answered, taken=False)
            members[name] = {"description": member.__doc__, **computed, "readOnly": True}
        return _object(cls, members, list(members))


def _page(item: Schema) -> Schema:
    return {
        "type": "object",
        "description": "A piece of a list.",
        "properties": {"items": {"type": "array", "items": item}, **_PAGE},
        "required": ["items", "page", "per_page", "has_more", "next_cursor"],
    }


def _given(cls: type) -> "list[attrs.Attribute[Any]]":
    attrs.resolve_types(cls, include_extras=True)
    return [field for field in attrs.fields(cls) if field.init]


def _object(cls: type, members: Schema, required: list[str]) -> Schema:
    told: Schema = {
        "type": "object",
        "description": inspect.getdoc(cls),
        "properties": members,
    }
    return {**told, "required": required} if required else told


def _enumeration(cls: type) -> Schema:
    if not issubclass(cls, StrEnum):
        raise TypeError(f"{cls.__name__} is no enumeration of texts")
    return {
        "type": "string",
        "description": inspect.getdoc(cls),
        "enum": [one.value for one in cls],
    }


def _default(field: "attrs.Attribute[Any]") -> Schema:
    value = field.default
    if value is attrs.NOTHING or value is None or isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return {}
    decimals = decimals_of(field.type)
    if decimals is not None and isinstance(value, int):
        whole, rest = divmod(value, 10**decimals)
        return {"default": value / 10**decimals if rest else whole}
    return {"default": value}
