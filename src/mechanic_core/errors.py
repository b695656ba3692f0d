"""Refusals: everything that the shop raises on purpose.

Each refusal is a fact with a stable code and belongs to one of the kinds below. Adapters translate
the errors of their libraries into refusals, and the HTTP layer maps the kinds to status codes.
"""

import copyreg
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, final

import attrs


@attrs.frozen
class Problem:
    """One problem of a request, and where it is.

    *pointer* is a JSON Pointer in a URI fragment (RFC 6901, section 6) such as
    ``#/lines/0/quantity``. For a query parameter it is empty and *parameter* is its name.
    """

    pointer: str
    detail: str
    parameter: str | None = None

    def __str__(self) -> str:
        """Return the detail after where it is; alone, where that is the whole."""
        where = self.parameter or self.pointer
        return f"{where}: {self.detail}" if where not in {"", "#"} else self.detail


class Refused(Exception):
    """The base class of all refusals.

    `code` is made from the class name: ``email-taken`` for `EmailTaken`. `facts` are the members
    that a response shows beside the detail, such as ``available``.
    """

    code: ClassVar[str] = "refused"

    fact_types: ClassVar[Mapping[str, Any]] = {}
    """The type of each fact with its `Example` and `Description`, for the documentation."""

    def __init__(self, detail: str = "", **facts: object) -> None:
        """Set the *detail*, one sentence for people, and the *facts* for programs."""
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.facts: Mapping[str, object] = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the refusal as it is: the constructors of subclasses take other arguments."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # pickle calls it by this name

    def __init_subclass__(cls) -> None:
        """Derive the code from the class name."""
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring, without its full stop."""
        return (cls.__doc__ or cls.code).strip().splitlines()[0].rstrip(".")


class Unauthenticated(Refused):
    """Authentication is required."""


class Forbidden(Refused):
    """You do not have permission to do this."""


class NotFound(Refused):
    """The resource does not exist, or you may not see it."""


class Gone(Refused):
    """This was there, and no longer is."""


class Conflict(Refused):
    """The request conflicts with existing data."""


class WrongState(Refused):
    """The current state does not allow this."""


class Stale(Refused):
    """The record has changed since you read it."""


class Unavailable(Refused):
    """A required service is not responding; try again soon."""


class LostRace(Unavailable):
    """Another request changed the same data at the same time."""


class OutcomeUnknown(Unavailable):
    """Whether the change was made is not known.

    The database was lost, or did not answer in time, while it stored the change.
    """


class Invalid(Refused):
    """The request is not valid."""

    def __init__(self, *problems: Problem) -> None:
        """Report all *problems* at once."""
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class RuleBroken(Invalid):
    """A value is not valid."""


class Unknown(Invalid):
    """An id in the request does not exist."""

    def __init__(self, *pointers: str) -> None:
        """Report each id by its pointer."""
        super().__init__(*(Problem(pointer, "does not exist") for pointer in pointers))


@final
@attrs.define
class ProblemCollector:
    """Collects `Invalid` refusals of several checks, so that one response reports all of them.

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
