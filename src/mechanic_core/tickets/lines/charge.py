"""The charges of a ticket: fees, work that another shop does, and cores; and their forms."""

from typing import Annotated, Self

from attrs import evolve, frozen

from mechanic_core.errors import Problem, ProblemCollector, RuleBroken
from mechanic_core.money import Money, Price, to_decimal
from mechanic_core.pricing.line import (
    CHARGES,
    NO_DISCOUNT_BELOW_0,
    LineKind,
    LineText,
    PricingLine,
    SignedQuantity,
    TaxClass,
    line_amount,
)
from mechanic_core.rules import Description, Example, OneOf, checked, computed, stored
from mechanic_core.tickets.lines.line import LineTerms, TicketLine
from mechanic_core.validators import unchecked

ChargeKind = Annotated[LineKind, OneOf(CHARGES), Example(LineKind.CORE)]
ChargeText = Annotated[LineText, Example("Core deposit, alternator")]
ChargeQuantity = Annotated[
    SignedQuantity,
    Description("Below 0 for a core only: the one that comes back. It is not 0."),
    Example(1),
]


@frozen(kw_only=True, field_transformer=checked)
class ChargeChange(LineTerms):
    """The changeable details of a charge; its kind stays."""

    description: ChargeText
    quantity: ChargeQuantity
    unit_price: Annotated[Price, Example(45)]


@frozen(kw_only=True, field_transformer=checked)
class ChargeForm(ChargeChange):
    """A fee, a sublet or a core for a ticket."""

    kind: ChargeKind

    def __attrs_post_init__(self) -> None:
        """Check the quantity and the discount."""
        _require_consistent(self)


@frozen(kw_only=True, field_transformer=stored)
class ChargeLine(TicketLine):
    """A fee, the work of another shop, or a core: a deposit for a part that is to come back."""

    kind: ChargeKind
    description: ChargeText
    quantity: ChargeQuantity
    unit_price: Annotated[Price, Example(45)]
    tax_class: Annotated[TaxClass, Example("core")]

    @classmethod
    def of(cls, form: ChargeForm) -> Self:
        """Return a new charge."""
        return cls(
            kind=form.kind,
            description=form.description,
            quantity=form.quantity,
            unit_price=form.unit_price,
            **form.of_kind(form.kind),
        )

    @computed
    def amount(self) -> Money:
        """Quantity × price, rounded half away from zero to the cent, once; before discounts."""
        return line_amount(self.quantity, self.unit_price)

    @property
    def text(self) -> str:
        """What the history calls the line."""
        return f"{to_decimal(self.quantity)} × {self.description}"

    @property
    def to_price(self) -> PricingLine:
        """The line as it is priced."""
        return self.pricing_line(self.kind, self.description, self.quantity, self.unit_price)

    @property
    def form(self) -> ChargeChange:
        """The present values of the changeable fields."""
        return unchecked(
            ChargeChange,
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            **self.terms,
        )

    def with_form(self, form: ChargeChange) -> Self:
        """Return the charge with the details of *form*."""
        return evolve(
            self,
            description=form.description,
            quantity=form.quantity,
            unit_price=form.unit_price,
            **form.of_kind(self.kind),
        )

    def require_consistent(self) -> None:
        """Raise `RuleBroken` for a quantity that the kind cannot have, or a discount on a credit."""
        _require_consistent(self)


def _require_consistent(charge: ChargeForm | ChargeLine) -> None:
    """Raise `RuleBroken` for a quantity that the kind cannot have, and a discount on a credit."""
    problems = ProblemCollector()
    with problems:
        if charge.quantity == 0:
            raise RuleBroken(Problem("#/quantity", "must not be 0"))
        if charge.quantity < 0 and charge.kind is not LineKind.CORE:
            raise RuleBroken(Problem("#/quantity", "must be above 0: only a core comes back"))
    with problems:
        if charge.discount and line_amount(charge.quantity, charge.unit_price) < 0:
            raise RuleBroken(Problem("#/discount", NO_DISCOUNT_BELOW_0))
    problems.raise_if_any()
