"""Changes that PUT and PATCH make to a form: replacement and JSON Merge Patch (RFC 7396).

PATCH replaces a member as a whole, an object too: members of a discount or of a tolerance mean
nothing without one another. PUT takes all that GET gave, the read-only members with the values that
the resource has.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, Generic, Self, TypeVar, final

import attrs

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.members import computed_of, published_fields
from mechanic_core.rules import union_members
from mechanic_http.endpoint.body import parse_json
from mechanic_http.json import codec
from mechanic_http.json.members import aliases_of, member_name, member_names
from mechanic_http.json.pointers import escape

F = TypeVar("F")

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@final
@attrs.frozen
class Replacement(Generic[F]):
    """PUT: the new form, or its problems, and the read-only members of the body.

    *kept* are the fields of the present form that stay as they are.
    """

    form: F | RuleBroken
    read_only: Mapping[str, Any] = attrs.field(factory=dict)
    kept: tuple[str, ...] = ()

    @classmethod
    def parse(cls, tree: Any, form: type[F], read_only: AbstractSet[str]) -> Self:
        """Return the replacement in *tree*, whose members may include those *read_only*.

        Raises `RuleBroken`. Where there are read-only members, problems are raised together with
        theirs, when they are compared inside the transaction.
        """
        if type(tree) is not dict or read_only.isdisjoint(tree):
            return cls(codec.structure(tree, form))
        others = {name: value for name, value in tree.items() if name not in read_only}
        shown = {name: value for name, value in tree.items() if name in read_only}
        try:
            return cls(codec.structure(others, form), shown)
        except RuleBroken as refused:
            return cls(refused, shown)

    def require_unchanged(self, record: object) -> None:
        """Raise `RuleBroken` with every problem of the form and every changed read-only member."""
        if not self.read_only:
            return
        present = parse_json(codec.encode(record))
        problems = [
            Problem(f"#/{name}", "is read-only")
            for name, value in self.read_only.items()
            if name not in present or not _equal(value, present[name])
        ]
        if isinstance(self.form, RuleBroken):
            raise RuleBroken(*self.form.problems, *problems)
        if problems:
            raise RuleBroken(*problems)

    def __call__(self, current: F) -> F:
        """Return the new form; raise `RuleBroken` with its problems."""
        if isinstance(self.form, RuleBroken):
            raise self.form
        kept = {name: getattr(current, name) for name in self.kept}
        return attrs.evolve(self.form, **kept) if kept else self.form  # type: ignore[misc]  # forms are attrs classes

    def keeping(self, *fields: str) -> Self:
        """Return the replacement with *fields* of the present form kept."""
        return attrs.evolve(self, kept=fields)


@final
@attrs.frozen
class MergePatch(Generic[F]):
    """PATCH: the members to change in the current form.

    Problems with *unknown* members are raised together with those of known *members*.
    """

    form: type[F]
    members: dict[str, Any]
    unknown: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, tree: Any, form: type[F]) -> Self:
        """Return the patch in *tree*; raise `RuleBroken` if it is not an object."""
        if type(tree) is not dict:
            raise RuleBroken(Problem("#", "must be an object"))
        known = member_names(form)
        # Collected here and not on application, which happens inside a transaction.
        unknown = (
            Problem(f"#/{escape(n)}", "is not a known field") for n in tree if n not in known
        )
        members = {name: value for name, value in tree.items() if name in known}
        return cls(form, members, tuple(unknown))

    def __call__(self, current: F) -> F:
        """Return *current* with the patch applied; raise `RuleBroken` with every problem."""
        tree = parse_json(codec.encode(current))
        try:
            patched = codec.structure(merge(tree, self.members), self.form)
        except RuleBroken as refused:
            raise RuleBroken(*refused.problems, *self.unknown) from None
        if self.unknown:
            raise RuleBroken(*self.unknown)
        return patched

    def instead_of(self, replaced: str, given: str) -> Self:
        """Return the patch with *replaced* removed where *given* is patched without it."""
        if given in self.members and replaced not in self.members:
            return attrs.evolve(self, members={replaced: None, **self.members})
        return self


def merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return *target* with the members of *patch*, and without those that are null there."""
    removed = {name for name, value in patch.items() if value is None}
    return {name: value for name, value in {**target, **patch}.items() if name not in removed}


def read_only_members(response: Any, form: type[Any]) -> dict[str, Any]:
    """Return the members that GET shows and PUT does not set, with their types or properties."""
    settable = member_names(form).union(alias.name for alias in aliases_of(form).values())
    shown: dict[str, Any] = {}
    for cls in union_members(response)[0]:
        shown |= {member_name(field.name): field.type for field in published_fields(cls)}
        shown |= {name: declared for name, (_, declared) in computed_of(cls).items()}
    return {name: declared for name, declared in shown.items() if name not in settable}


def _equal(given: Any, present: Any) -> bool:
    """Return whether two JSON values are equal: 1 and 1.0 are, 1 and true are not.

    A moment may be written in another form, as programs do that parse and format it.
    """
    if type(given) is dict and type(present) is dict:
        return given.keys() == present.keys() and all(
            _equal(value, present[name]) for name, value in given.items()
        )
    if type(given) is list and type(present) is list:
        return len(given) == len(present) and all(map(_equal, given, present))
    if type(given) is str and type(present) is str and _MOMENT.fullmatch(present):
        return _is_moment(given, present)
    return (type(given) is bool) is (type(present) is bool) and bool(given == present)


def _is_moment(given: str, present: str) -> bool:
    try:
        return datetime.fromisoformat(given) == datetime.fromisoformat(present)
    except ValueError:
        return False
