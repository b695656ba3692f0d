"""ProblemCollector: what several looks at one body find wrong, told at once."""

from types import TracebackType
from typing import final

from attrs import define, field

from mechanic_core.errors import Invalid, Unknown
from mechanic_core.rules import RuleBroken


@final
@define
class ProblemCollector:
    """Stands around each look, and gathers what is `Invalid`; any other refusal ends the looking.

    What a block has found out is there only after `raise_if_any`.
    """

    _refusals: list[Invalid] = field(init=False, factory=list)

    def __enter__(self) -> None:
        """Begin a look."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Put off what is invalid until everything was looked at."""
        if not isinstance(error, Invalid):
            return False
        self._refusals.append(error)
        return True

    def raise_if_any(self) -> None:
        """Refuse with every problem found: with `Unknown` where all of them are ids."""
        problems = [problem for refusal in self._refusals for problem in refusal.problems]
        if problems and all(isinstance(refusal, Unknown) for refusal in self._refusals):
            raise Unknown(*(problem.pointer for problem in problems))
        if problems:
            raise RuleBroken(*problems)
