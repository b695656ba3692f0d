"""Discounts of a line, and of a whole ticket."""

from enum import StrEnum
from typing import Annotated

from attrs import frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.members import LeftOut
from mechanic_core.money import WHOLE, Price, Share
from mechanic_core.pricing.rounding import rounded
from mechanic_core.rules import Example, checked
from mechanic_core.values import Note


class Scope(StrEnum):
    """The lines that a ticket-wide discount is taken from; `all` leaves out core charges."""

    ALL = "all"
    PARTS = "parts"
    LABOR = "labor"


@frozen(kw_only=True, field_transformer=checked)
class Discount:
    """An amount or a percentage that a customer need not pay."""

    amount: Annotated[Price | None, Example(5), LeftOut()] = None
    percent: Annotated[Share | None, Example(10), LeftOut()] = None

    def __attrs_post_init__(self) -> None:
        """Check that there is an amount or a percentage, and not both."""
        if (self.amount is None) == (self.percent is None):
            raise RuleBroken(Problem("#/amount", "either amount or percent is required"))

    def off(self, price: int) -> int:
        """Return what is taken off a *price* of 0 or more: at most the price itself."""
        if self.percent is not None:
            return rounded(price * self.percent, WHOLE)
        return min(self.amount or 0, price)


@frozen(kw_only=True, field_transformer=checked)
class ScopedDiscount(Discount):
    """A discount on all lines, or on parts or labour."""

    scope: Scope
    reason: Annotated[Note | None, Example("Fleet customer")] = None


@frozen(kw_only=True, field_transformer=checked)
class TicketDiscount(ScopedDiscount):
    """A discount on a whole ticket, or on its parts or labour, and the reason for it."""

    reason: Annotated[Note, Example("Fleet customer")]
