"""What PUT and PATCH do to a form: the core asks for the form that becomes of the present one."""

from typing import Any, Generic, Self, TypeVar, final

import attrs

from mechanic_core.errors import Problem, RuleBroken
from mechanic_http.endpoint import body as bodies
from mechanic_http.json import codec
from mechanic_http.json.pointers import step
from mechanic_http.json.structure_records import member_names

F = TypeVar("F")


@final
@attrs.frozen
class Replacement(Generic[F]):
    """PUT: another form in the place of the present one."""

    form: F

    def __call__(self, _: F) -> F:
        """Return the form that was sent."""
        return self.form


@final
@attrs.frozen
class MergePatch(Generic[F]):
    """PATCH: the present form with some members changed (RFC 7396).

    What is wrong with *unknown* ones is told together with what is wrong with the *members*.
    """

    form: type[F]
    members: dict[str, Any]
    unknown: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, tree: Any, form: type[F]) -> Self:
        """Return the patch; raise `RuleBroken` for what is none."""
        if type(tree) is not dict:
            raise RuleBroken(Problem("#", "must be an object"))
        known = member_names(form)
        # Told when it is called, but looked for here: they may be many, and a call is in a
        # transaction, where others wait.
        unknown = (Problem(f"#/{step(n)}", "is not a known member") for n in tree if n not in known)
        members = {name: value for name, value in tree.items() if name in known}
        return cls(form, members, tuple(unknown))

    def __call__(self, present: F) -> F:
        """Return *present* with the patch merged in, read again as strictly as any body.

        Raises `RuleBroken` with every problem of the patch.
        """
        told = bodies.parse(codec.encode(present))
        try:
            found = codec.read(merged(told, self.members), self.form)
        except RuleBroken as refused:
            raise RuleBroken(*refused.problems, *self.unknown) from None
        if self.unknown:
            raise RuleBroken(*self.unknown)
        return found

    def instead_of(self, replaced: str, given: str) -> Self:
        """Return the patch so that what it says of *given* takes the place of *replaced*."""
        if given in self.members and replaced not in self.members:
            return attrs.evolve(self, members={replaced: None, **self.members})
        return self


def merged(target: Any, patch: Any) -> Any:
    """Return *target* with the merge patch applied (RFC 7396, section 2)."""
    if type(patch) is not dict:
        return patch
    whole = dict(target) if type(target) is dict else {}
    for name, value in patch.items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = merged(whole.get(name), value)
    return whole
