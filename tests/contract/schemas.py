"""Whether everything that fits one schema still fits another."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import frozen

Tree = dict[str, Any]

_LEAST: Final = ("minimum", "minLength", "minItems")
_MOST: Final = ("maximum", "maxLength", "maxItems")
_SAME: Final = ("pattern", "format", "multipleOf")


@frozen
class Side:
    """One of two documents, where references are looked up."""

    document: Tree

    def resolve(self, told: Tree) -> Tree:
        """Return what *told* refers to, or itself."""
        while "$ref" in told:
            _, *steps = told["$ref"].split("/")
            told = self.document
            for step in steps:
                told = told[step]
        return told


@frozen
class Fitting:
    """Looks for values that fit *given*'s schemas and not *wanted*'s."""

    given: Side
    wanted: Side

    def misfits(self, given: Tree, wanted: Tree, where: str) -> Iterator[str]:
        """Return every way in which a value that is *given* is not what is *wanted*."""
        given, wanted = self.given.resolve(given), self.wanted.resolve(wanted)
        if "anyOf" in given or "anyOf" in wanted:
            yield from self._of_any(given, wanted, where)
            return
        yield from _types(given, wanted, where)
        yield from _enumerated(given, wanted, where)
        yield from _bounds(given, wanted, where)
        if "properties" in wanted:
            yield from self._members(given, wanted, where)
        if "items" in wanted and "items" in given:
            yield from self.misfits(given["items"], wanted["items"], f"{where}[]")

    def _of_any(self, given: Tree, wanted: Tree, where: str) -> Iterator[str]:
        choices = wanted.get("anyOf", [wanted])
        for one in given.get("anyOf", [given]):
            if all([*self.misfits(one, choice, where)] for choice in choices):
                yield f"{where}: another kind of value"

    def _members(self, given: Tree, wanted: Tree, where: str) -> Iterator[str]:
        for name in sorted(set(wanted.get("required", [])) - set(given.get("required", []))):
            yield f"{where}.{name}: may be missing"
        closed = wanted.get("additionalProperties") is False
        for name, member in given.get("properties", {}).items():
            if name in wanted["properties"]:
                yield from self.misfits(member, wanted["properties"][name], f"{where}.{name}")
            elif closed:
                yield f"{where}.{name}: is not known"


def _types(given: Tree, wanted: Tree, where: str) -> Iterator[str]:
    if "type" in wanted:
        allowed = _listed(wanted["type"])
        if "number" in allowed:
            allowed |= {"integer"}
        if strange := _listed(given.get("type", ["anything"])) - allowed:
            yield f"{where}: may be {', '.join(sorted(strange))}"


def _enumerated(given: Tree, wanted: Tree, where: str) -> Iterator[str]:
    if "enum" in wanted:
        strange = [one for one in given.get("enum", ["anything"]) if one not in wanted["enum"]]
        if strange:
            yield f"{where}: may be {', '.join(map(str, strange))}"


def _bounds(given: Tree, wanted: Tree, where: str) -> Iterator[str]:
    checks: list[tuple[tuple[str, ...], Callable[[Any, Any], bool]]] = [
        (_LEAST, lambda mine, theirs: mine >= theirs),
        (_MOST, lambda mine, theirs: mine <= theirs),
        (_SAME, lambda mine, theirs: bool(mine == theirs)),
    ]
    for keywords, keeps in checks:
        for keyword in keywords:
            if keyword in wanted and not (
                keyword in given and keeps(given[keyword], wanted[keyword])
            ):
                yield f"{where}: {keyword} is {given.get(keyword, 'open')}, not {wanted[keyword]}"


def _listed(kinds: Any) -> set[str]:
    return {kinds} if isinstance(kinds, str) else set(kinds)
