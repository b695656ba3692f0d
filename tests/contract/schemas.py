"""Compatibility of two JSON Schemas: whether values of one are valid under the other."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import frozen

Tree = dict[str, Any]

_LOWER_BOUNDS: Final = ("minimum", "minLength", "minItems")
_UPPER_BOUNDS: Final = ("maximum", "maxLength", "maxItems")
_EQUAL: Final = ("pattern", "format", "multipleOf")


@frozen
class Document:
    """An OpenAPI document whose references can be resolved."""

    tree: Tree

    def resolve(self, node: Tree) -> Tree:
        """Return the component that *node* refers to, or *node* itself if it is no reference."""
        while "$ref" in node:
            _, *steps = node["$ref"].split("/")
            node = self.tree
            for step in steps:
                node = node[step]
        return node


@frozen
class SchemaComparison:
    """Finds values that are valid in the document *given* but not in *accepted*."""

    given: Document
    accepted: Document

    def incompatibilities(self, given: Tree, accepted: Tree, where: str) -> Iterator[str]:
        """Return every way in which a value under *given* is invalid under *accepted*."""
        given, accepted = self.given.resolve(given), self.accepted.resolve(accepted)
        if "anyOf" in given or "anyOf" in accepted:
            yield from self._alternatives(given, accepted, where)
            return
        yield from _types(given, accepted, where)
        yield from _enumerated(given, accepted, where)
        yield from _bounds(given, accepted, where)
        if "properties" in accepted:
            yield from self._members(given, accepted, where)
        if "items" in accepted and "items" in given:
            yield from self.incompatibilities(given["items"], accepted["items"], f"{where}[]")

    def _alternatives(self, given: Tree, accepted: Tree, where: str) -> Iterator[str]:
        choices = accepted.get("anyOf", [accepted])
        for one in given.get("anyOf", [given]):
            if all([*self.incompatibilities(one, choice, where)] for choice in choices):
                yield f"{where}: another type of value"

    def _members(self, given: Tree, accepted: Tree, where: str) -> Iterator[str]:
        for name in sorted(set(accepted.get("required", [])) - set(given.get("required", []))):
            yield f"{where}.{name}: may be missing"
        closed = accepted.get("additionalProperties") is False
        for name, member in given.get("properties", {}).items():
            if name in accepted["properties"]:
                yield from self.incompatibilities(
                    member, accepted["properties"][name], f"{where}.{name}"
                )
            elif closed:
                yield f"{where}.{name}: is unknown"


def _types(given: Tree, accepted: Tree, where: str) -> Iterator[str]:
    if "type" in accepted:
        allowed = _type_set(accepted["type"])
        if "number" in allowed:
            allowed |= {"integer"}
        if unexpected := _type_set(given.get("type", ["anything"])) - allowed:
            yield f"{where}: may be {', '.join(sorted(unexpected))}"


def _enumerated(given: Tree, accepted: Tree, where: str) -> Iterator[str]:
    if "enum" in accepted:
        unexpected = [one for one in given.get("enum", ["anything"]) if one not in accepted["enum"]]
        if unexpected:
            yield f"{where}: may be {', '.join(map(str, unexpected))}"


def _bounds(given: Tree, accepted: Tree, where: str) -> Iterator[str]:
    checks: list[tuple[tuple[str, ...], Callable[[Any, Any], bool]]] = [
        (_LOWER_BOUNDS, lambda mine, theirs: mine >= theirs),
        (_UPPER_BOUNDS, lambda mine, theirs: mine <= theirs),
        (_EQUAL, lambda mine, theirs: bool(mine == theirs)),
    ]
    for keywords, holds in checks:
        for keyword in keywords:
            if keyword in accepted and not (
                keyword in given and holds(given[keyword], accepted[keyword])
            ):
                yield f"{where}: {keyword} is {given.get(keyword, 'open')}, not {accepted[keyword]}"


def _type_set(types: Any) -> set[str]:
    return {types} if isinstance(types, str) else set(types)
