"""The part lines and labour lines of a ticket, and their forms."""

from typing import Annotated, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.errors import NotFound
from mechanic_core.inventory.part import Part, PartId, PartName, Sku
from mechanic_core.money import Measure, Money, Price, Quantity
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import (
    DEFAULT_CLASSES,
    LineKind,
    PricingLine,
    TaxClass,
    line_amount,
)
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.rules import Description, Example, Length, checked, computed, stored
from mechanic_core.texts import LONG_TEXT
from mechanic_core.tickets.job import NEW_JOB, JobId, TicketVersion, id_in_document
from mechanic_core.validators import unchecked
from mechanic_core.values import LINES, IdNumber

LineId = NewType("LineId", Annotated[int, Example(31)])

Task = Annotated[str, LINES, Length(1, 300), LONG_TEXT, Example("Replace front brake pads")]

HourlyRate = Annotated[Price, Example(118)]


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

    def require_tax_class(self, rules: PricingRules, present: str | None = None) -> None:
        """Raise `RuleBroken` for another tax class than the *present* one that *rules* lack."""
        if self.tax_class != present:
            rules.require_known(self.tax_class)


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
            job_id=id_in_document(self.job_id),
            kind=kind,
            description=description,
            quantity=quantity,
            unit_price=unit_price,
            tax_class=self.tax_class,
            discount=self.discount,
        )


@frozen(kw_only=True, field_transformer=checked)
class PartLineChange(LineTerms):
    """The new quantity of a part line, and what may be said of every line."""

    quantity: Annotated[Measure, Example(2)]


@frozen(kw_only=True, field_transformer=checked)
class PartLineForm(PartLineChange):
    """A part for a ticket, and its quantity."""

    part_id: Annotated[IdNumber, Example(42)]
    quantity: Annotated[Measure, Example(1)]


@frozen(kw_only=True, field_transformer=stored)
class PartLine(TicketLine):
    """A part on a ticket, with its SKU, name and price at the time when it was added."""

    part_id: PartId
    sku: Sku
    name: PartName
    quantity: Annotated[Measure, Example(1)]
    unit_price: Annotated[Price, Example(64.99)]
    tax_class: TaxClass = DEFAULT_CLASSES[LineKind.PART]

    @computed
    def amount(self) -> Money:
        """Quantity × price, rounded half away from zero to the cent, once; before discounts."""
        return line_amount(self.quantity, self.unit_price)

    @classmethod
    def of(cls, part: Part, form: PartLineForm) -> Self:
        """Return a new line with *part* at its present price."""
        line = cls(
            part_id=part.id,
            sku=part.sku,
            name=part.name,
            quantity=form.quantity,
            unit_price=part.price,
        )
        return line.with_form(form)

    @property
    def to_price(self) -> PricingLine:
        """The line as it is priced."""
        return self.pricing_line(LineKind.PART, self.name, self.quantity, self.unit_price)

    @property
    def form(self) -> PartLineChange:
        """The present values of the changeable fields."""
        return unchecked(PartLineChange, quantity=self.quantity, **self.terms)

    def with_form(self, form: PartLineChange) -> Self:
        """Return the line with the details of *form*."""
        return evolve(
            self,
            quantity=form.quantity,
            job_id=JobId(form.job_id or NEW_JOB),
            discount=form.discount,
            tax_class=form.tax_class or DEFAULT_CLASSES[LineKind.PART],
        )


@frozen(kw_only=True, field_transformer=checked)
class LaborLineForm(LineTerms):
    """Work for a ticket; *rate* is for one hour."""

    description: Task
    hours: Measure
    rate: HourlyRate
    mechanic_id: Annotated[IdNumber | None, Example(3)] = None


@frozen(kw_only=True, field_transformer=stored)
class LaborLine(TicketLine):
    """Work on a ticket; *rate* is for one hour."""

    mechanic_id: Annotated[IdNumber | None, Example(3)] = None
    description: Task
    hours: Measure
    rate: HourlyRate
    tax_class: Annotated[TaxClass, Example("labor")] = DEFAULT_CLASSES[LineKind.LABOR]

    @computed
    def amount(self) -> Money:
        """Hours × rate, rounded half away from zero to the cent, once; before discounts."""
        return line_amount(self.hours, self.rate)

    @property
    def to_price(self) -> PricingLine:
        """The line as it is priced."""
        return self.pricing_line(LineKind.LABOR, self.description, self.hours, self.rate)

    @classmethod
    def of(cls, form: LaborLineForm) -> Self:
        """Return a new line."""
        line = cls(description=form.description, hours=form.hours, rate=form.rate)
        return line.with_form(form)

    def with_form(self, form: LaborLineForm) -> Self:
        """Return the line with the details of *form*."""
        return evolve(
            self,
            mechanic_id=form.mechanic_id,
            description=form.description,
            hours=form.hours,
            rate=form.rate,
            job_id=JobId(form.job_id or NEW_JOB),
            discount=form.discount,
            tax_class=form.tax_class or DEFAULT_CLASSES[LineKind.LABOR],
        )

    @property
    def form(self) -> LaborLineForm:
        """The present values of the changeable fields."""
        return unchecked(
            LaborLineForm,
            description=self.description,
            hours=self.hours,
            rate=self.rate,
            mechanic_id=self.mechanic_id,
            **self.terms,
        )
