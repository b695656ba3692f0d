"""Changes: functions that make the new form of a record from its present form."""

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

F = TypeVar("F")


@runtime_checkable
class ChangedCopy(Protocol):
    """A change that names other members of the record too, as its author has read them."""

    def require_unchanged(self, record: object) -> None:
        """Raise `RuleBroken` where the author has another value of such a member than *record*."""
        ...


def apply(change: Callable[[F], F], form: F, record: object) -> F:
    """Return *form* after *change*.

    *record* is what the form was made from, as the actor sees it; a `ChangedCopy` is compared with
    it first.
    """
    whole: object = change
    if isinstance(whole, ChangedCopy):
        whole.require_unchanged(record)
    return change(form)
