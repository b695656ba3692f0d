"""Records and enumerations as components of the document, each registered once."""

import inspect
from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Any, Final, TypeAlias, final

import attrs
import orjson
from apispec import APISpec

from mechanic_core.members import LeftOut, annotation_of, computed_of, published_fields
from mechanic_core.rules import Alias, Description, union_members
from mechanic_http.json import codec
from mechanic_http.json.members import member_name
from mechanic_http.openapi.value_schemas import (
    Schema,
    value_schema,
    without_null,
)

Build: TypeAlias = Callable[[type], Schema]

_SECRETS: Final = ("password",)
_READ_ONLY: Final = "Read-only members may be sent as GET gave them; another value is refused."

_PAGE_MEMBERS: Final[Schema] = {
    "page": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "The page number; null if `cursor` was given.",
        "examples": [1],
    },
    "per_page": {"type": "integer", "minimum": 1, "maximum": 100, "examples": [20]},
    "has_more": {"type": "boolean", "description": "Whether there is a next page."},
    "next_cursor": {
        "type": ["string", "null"],
        "description": "The `cursor` of the next page; null on the last page.",
        "examples": ["MTU.4Zt0Vn1d0cUe8ewTuYw3Dg"],
    },
    "total": {
        "type": "integer",
        "minimum": 0,
        "description": "The number of items on all pages, if `include_total` is true.",
        "examples": [137],
    },
    "total_above": {
        "type": "integer",
        "minimum": 0,
        "description": "Replaces `total` if more than this number of items match the filters.",
        "examples": [10000],
    },
}


@final
class RecordSchemas:
    """Registers the schemas of records with an `APISpec` and returns references to them."""

    def __init__(self, spec: APISpec) -> None:
        """Register schemas in *spec*."""
        self._components = spec.components
        self._built: dict[str, tuple[type, Build]] = {}

    def request(self, cls: type) -> Schema:
        """Return the schema of a request body; it has no other members than those of *cls*."""
        return self._refer(cls.__name__, cls, self._build_request)

    def patch(self, cls: type) -> Schema:
        """Return the schema of a JSON Merge Patch (RFC 7396) on *cls*."""
        return self._refer(f"{cls.__name__}Patch", cls, self._build_patch)

    def replacement(self, cls: type, read_only: Mapping[str, Any]) -> Schema:
        """Return the schema of a PUT of *cls*, which may repeat the *read_only* members."""
        shown = {
            name: {**self.response(declared), "readOnly": True}
            for name, declared in read_only.items()
        }

        def build(form: type) -> Schema:
            schema = self._build_request(form)
            if not shown:
                return schema
            return {
                **schema,
                "description": f"{schema['description']}\n\n{_READ_ONLY}",
                "properties": schema["properties"] | shown,
            }

        return self._refer(f"{cls.__name__}Replacement", cls, build)

    def response(self, declared: Any) -> Schema:
        """Return the schema of a value in a response: a record, a union of records, or a fact."""
        return value_schema(declared, self._refer_response, request=False)

    def page(self, declared: Any, totals: Any = None) -> Schema:
        """Return the schema of a page of records, named after the union's widest member.

        *totals* is the type of the totals of the list, if it has any.
        """
        name = f"{union_members(declared)[0][-1].__name__}Page{'WithTotals' if totals else ''}"
        if name not in self._components.schemas:
            schema = _page_schema(self.response(declared))
            if totals:
                schema["properties"]["totals"] = self.response(totals)
                schema["required"].append("totals")
            self._components.schema(name, schema)
        return self._components.get_ref("schema", name)

    def query_parameter(self, field: "attrs.Attribute[Any]") -> Schema:
        """Return a query parameter; raise `TypeError` for a field without a `Description`."""
        if not (description := annotation_of(field.type, Description)):
            raise TypeError(f"the query parameter {field.name} has no Description")
        schema = value_schema(field.type, self._refer_request, request=True)
        schema = without_null(schema) | _default(field)
        schema.pop("description")
        # The example stays inside the schema: beside it, Swagger UI would fill it in.
        return {
            "name": member_name(field.name),
            "in": "query",
            "description": description.text,
            "allowEmptyValue": True,
            "schema": schema,
        }

    def _refer_request(self, cls: type) -> Schema:
        """Return the schema of a record inside a request; responses may have it too, by its name."""
        if issubclass(cls, Enum):
            return self._refer_enum(cls)
        return self._refer(f"{cls.__name__}Form", cls, self._build_request)

    def _refer_response(self, cls: type) -> Schema:
        if issubclass(cls, Enum):
            return self._refer_enum(cls)
        return self._refer(cls.__name__, cls, self._build_response)

    def _refer_enum(self, cls: type) -> Schema:
        return self._refer(cls.__name__, cls, _build_enum)

    def _refer(self, name: str, cls: type, build: Build) -> Schema:
        if self._built.setdefault(name, (cls, build)) != (cls, build):
            raise TypeError(f"two different schemas are named {name}")
        if name not in self._components.schemas:
            self._components.schema(name, build(cls))
        return self._components.get_ref("schema", name)

    def _build_request(self, cls: type) -> Schema:
        fields = _init_fields(cls)
        members = {member_name(f.name): self._member(f) for f in fields}
        required = [member_name(f.name) for f in fields if f.default is attrs.NOTHING]
        return {**_object(cls, members, required), "additionalProperties": False}

    def _build_patch(self, cls: type) -> Schema:
        members = {member_name(f.name): self._patch_member(f) for f in _init_fields(cls)}
        return {
            **_object(cls, members, []),
            "description": f"{inspect.getdoc(cls)}\n\nAn absent member keeps its value; "
            "null removes it; an object replaces the whole.",
            "additionalProperties": False,
        }

    def _build_response(self, cls: type) -> Schema:
        members = {member_name(f.name): self.response(f.type) for f in published_fields(cls)}
        left_out = [f.name for f in published_fields(cls) if annotation_of(f.type, LeftOut)]
        members |= {name: without_null(members[name]) for name in left_out}
        for name, (member, declared) in computed_of(cls).items():
            schema = self.response(declared)
            members[name] = {"description": member.__doc__, **schema, "readOnly": True}
        return _object(cls, members, [name for name in members if name not in left_out])

    def _member(self, field: "attrs.Attribute[Any]") -> Schema:
        schema = value_schema(
            field.type,
            self._refer_request,
            request=True,
            omissible=field.default is not attrs.NOTHING,
        )
        if field.name.endswith(_SECRETS):
            schema["format"] = "password"
        if alias := annotation_of(field.type, Alias):
            schema["description"] = f"Also accepted as `{alias.name}`."
        return schema | _default(field)

    def _patch_member(self, field: "attrs.Attribute[Any]") -> Schema:
        schema = self._member(field)
        schema.pop("default", None)
        return schema


def _page_schema(item: Schema) -> Schema:
    return {
        "type": "object",
        "description": "One page of a list.",
        "properties": {"items": {"type": "array", "items": item}, **_PAGE_MEMBERS},
        "required": ["items", "page", "per_page", "has_more", "next_cursor"],
    }


def _init_fields(cls: type) -> "list[attrs.Attribute[Any]]":
    attrs.resolve_types(cls, include_extras=True)
    return [field for field in attrs.fields(cls) if field.init]


def _object(cls: type, members: Schema, required: list[str]) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": inspect.getdoc(cls),
        "properties": members,
    }
    return {**schema, "required": required} if required else schema


def _build_enum(cls: type) -> Schema:
    if not issubclass(cls, StrEnum):
        raise TypeError(f"{cls.__name__} is not a StrEnum")
    return {
        "type": "string",
        "description": inspect.getdoc(cls),
        "enum": [one.value for one in cls],
    }


def _default(field: "attrs.Attribute[Any]") -> Schema:
    value = field.default
    if value is attrs.NOTHING or value is None or isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return {}
    tree = codec.unstructure_hook(field.type)(value)  # type: ignore[arg-type]  # any type
    return {"default": orjson.loads(codec.dumps(tree))}
