"""Changes that PUT and PATCH make to a form: replacement and JSON Merge Patch (RFC 7396)."""

from typing import Any, Generic, Self, TypeVar, final

import attrs

from mechanic_core.errors import Problem, RuleBroken
from mechanic_http.endpoint.body import parse_json
from mechanic_http.json import codec
from mechanic_http.json.members import member_names
from mechanic_http.json.pointers import escape

F = TypeVar("F")


@final
@attrs.frozen
class Replacement(Generic[F]):
    """PUT: the new form."""

    form: F

    def __call__(self, _: F) -> F:
        """Return the new form."""
        return self.form


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


def merge(target: Any, patch: Any) -> Any:
    """Return *target* with the merge patch *patch* applied (RFC 7396, section 2)."""
    if type(patch) is not dict:
        return patch
    result = dict(target) if type(target) is dict else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result
