"""What every line of a ticket has, and what may be said of it in a form."""

from typing import Annotated, Any, NewType

from attrs import field, frozen

from mechanic_core.errors import NotFound
from mechanic_core.money import Money, Quantity
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind, PricingLine, TaxClass
from mechanic_core.rules import Description, Example, checked, stored
from mechanic_core.tickets.job import NEW_JOB, JobId, TicketVersion
from mechanic_core.validators import unchecked
from mechanic_core.values import IdNumber

LineId = NewType("LineId", Annotated[int, Example(31)])


class LineNotFound(NotFound):
    """No such line on this ticket."""


@frozen(kw_only=True, field_transformer=checked)
class LineTerms:
    """What may be said of every line: the job that it belongs to, its discount and its tax class."""

    job_id: Annotated[
        IdNumber | None,
        Description("Without one the line belongs to the first job, which is made if need be."),
        Example(7),
    ] = None
    discount: Discount | None = None
    tax_class: Annotated[
        TaxClass | None,
        Description(
            "`none`, a class with rates in the shop's profile, or the default class of a kind of "
            "lines; without one, that of the line's own kind."
        ),
        Example(None),
    ] = None

    def of_kind(self, kind: LineKind) -> dict[str, Any]:
        """Return the values of the same fields of a line of that *kind*."""
        return {
            "job_id": JobId(self.job_id or NEW_JOB),
            "discount": self.discount,
            "tax_class": self.tax_class or DEFAULT_CLASSES[kind],
        }


@frozen(kw_only=True, field_transformer=stored)
class TicketLine:
    """What every line of a ticket has.

    Its *net* is what is to pay for it, after all discounts and without tax.
    """

    id: LineId = LineId(0)  # until it is stored
    job_id: JobId = NEW_JOB
    tax_class: TaxClass
    discount: Discount | None = None
    net: Annotated[Money, Example(58.49)] = Money(0)
    version: TicketVersion = field(default=0, eq=False)

    def require_consistent(self) -> None:
        """Raise `RuleBroken` for values that do not go together; few kinds have such a rule."""

    @property
    def terms(self) -> dict[str, object]:
        """The present values of the fields of `LineTerms`."""
        return {
            "job_id": self.job_id,
            "discount": self.discount,
            "tax_class": self.tax_class,
        }

    def pricing_line(
        self, kind: LineKind, description: str, quantity: Quantity, unit_price: Money
    ) -> PricingLine:
        """Return the line as it is priced; what is stored is not checked again."""
        return unchecked(
            PricingLine,
            id=self.id or None,
            job_id=self.job_id,
            kind=kind,
            description=description,
            quantity=quantity,
            unit_price=unit_price,
            tax_class=self.tax_class,
            discount=self.discount,
        )
