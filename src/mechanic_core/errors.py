"""Refusals: what the shop says no to, each a fact with a stable code.

Everything raised on purpose is one of the kinds below; adapters translate their library's
errors into them, and the HTTP layer knows only the kinds.
"""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, final

import attrs


@attrs.frozen
class Problem:
    """One thing wrong with what was given, and where.

    *pointer* is a JSON Pointer in a URI fragment (RFC 6901, section 6), `#/lines/0/quantity`;
    for a query parameter, *parameter* names it and the pointer stays empty.
    """

    pointer: str
    detail: str
    parameter: str | None = None


class Refused(Exception):
    """The shop says no: the base of everything that is raised on purpose.

    `code` is made of the class name. `facts` are members that an answer may show beside the
    sentence, such as ``available``.
    """

    code: ClassVar[str] = "refused"

    fact_types: ClassVar[Mapping[str, Any]] = {}
    """The type of each fact with its `Example` and `Description`, for the documentation."""

    def __init__(self, detail: str = "", **facts: object) -> None:
        """Say why in one sentence for people, and in *facts* for machines."""
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.facts: Mapping[str, object] = facts

    def __init_subclass__(cls) -> None:
        """Give each refusal the code that its name spells."""
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring: the refusal in general."""
        return (cls.__doc__ or cls.code).strip().splitlines()[0].rstrip(".")


class Unauthenticated(Refused):
    """Nobody known is asking."""


class Forbidden(Refused):
    """Your role may not do this."""


class NotFound(Refused):
    """It is not there, or not yours to see."""


class Conflict(Refused):
    """It conflicts with something already there."""


class WrongState(Refused):
    """The thing is not in a state that allows this."""


class Stale(Refused):
    """The record has changed since you read it."""


class Unavailable(Refused):
    """A store that is needed does not answer; try again soon."""


class LostRace(Unavailable):
    """Somebody else changed the same thing at the same moment."""


class Invalid(Refused):
    """What was given breaks a rule."""

    def __init__(self, *problems: Problem) -> None:
        """Tell every problem at once."""
        super().__init__("; ".join(f"{p.parameter or p.pointer}: {p.detail}" for p in problems))
        self.problems = problems


class RuleBroken(Invalid):
    """A value is not valid."""


class Unknown(Invalid):
    """An id in what was given names nothing."""

    def __init__(self, *pointers: str) -> None:
        """Point at each such id."""
        super().__init__(*(Problem(p, "names nothing that is there") for p in pointers))


@final
@attrs.define
class ProblemCollector:
    """Collects `Invalid` refusals of several checks, so that one answer reports all of them.

    Use it as a context manager around each check. Any other exception passes through. What a
    block computes may be used after `raise_if_any` only.
    """

    _refusals: list[Invalid] = attrs.field(init=False, factory=list)

    def __enter__(self) -> None:
        """Begin a check."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Collect and suppress an `Invalid` refusal."""
        if not isinstance(error, Invalid):
            return False
        self._refusals.append(error)
        return True

    def raise_if_any(self) -> None:
        """Raise all problems at once: as `Unknown` when all are unknown ids, or `RuleBroken`."""
        problems = [problem for refusal in self._refusals for problem in refusal.problems]
        if problems and all(isinstance(refusal, Unknown) for refusal in self._refusals):
            raise Unknown(*(problem.pointer for problem in problems))
        if problems:
            raise RuleBroken(*problems)
