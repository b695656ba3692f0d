"""The priced document: its lines, the tax of each authority, and the totals."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from attrs import frozen

from mechanic_core.money import Money, Price, Quantity, Share
from mechanic_core.pricing.line import CHARGES, LineKind, TaxClass
from mechanic_core.pricing.pricing_rules import Authority
from mechanic_core.rules import Description, Example


@frozen(kw_only=True)
class LineFigures:
    """What a line comes to. Its *amount* is before discounts; *discount* has all of them."""

    line: Annotated[int, Example(1), Description("The number of the line in its document.")]
    kind: LineKind
    id: Annotated[int | None, Example(31)]
    job_id: Annotated[int | None, Example(7)]
    description: Annotated[str | None, Example("Front brake pads")]
    unit_price: Annotated[Price, Example(64.99)]
    amount: Annotated[Money, Example(64.99)]
    discount: Annotated[Money, Example(6.5)]
    net: Annotated[Money, Example(58.49)]
    tax: Annotated[Money, Example(4.83)]
    tax_class: TaxClass


@frozen(kw_only=True)
class PricedLine(LineFigures):
    """A line with its price. *quantity* is hours where the kind is labour."""

    quantity: Annotated[Quantity, Example(1)]


@frozen(kw_only=True)
class AuthorityTax:
    """The tax of one authority on the lines of one tax class; *base* is what is taxed."""

    tax_class: TaxClass
    authority: Authority
    percent: Share
    base: Annotated[Money, Example(58.49)]
    tax: Annotated[Money, Example(4.83)]


@frozen(kw_only=True)
class Totals:
    """The sums of lines. Parts, labour and charges are before discounts; the *total* is to pay."""

    parts: Annotated[Money, Example(64.99)]
    labor: Annotated[Money, Example(120)]
    charges: Annotated[Money, Example(0)]
    supplies: Annotated[Money, Example(6)]
    discount: Annotated[Money, Example(6.5)]
    net: Annotated[Money, Example(184.49)]
    tax: Annotated[Money, Example(4.83)]
    total: Annotated[Money, Example(189.32)]

    @classmethod
    def of(cls, lines: Sequence[LineFigures]) -> Self:
        """Return the sums of *lines*."""
        net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
        return cls(
            parts=_amount(lines, LineKind.PART),
            labor=_amount(lines, LineKind.LABOR),
            charges=_amount(lines, *CHARGES),
            supplies=_amount(lines, LineKind.SUPPLIES),
            discount=Money(sum(line.discount for line in lines)),
            net=Money(net),
            tax=Money(tax),
            total=Money(net + tax),
        )


@frozen(kw_only=True)
class PricedDocument:
    """What a customer is to pay, line by line: of a ticket, an estimate or an invoice."""

    lines: tuple[PricedLine, ...]
    tax: tuple[AuthorityTax, ...]
    totals: Totals

    def totals_of_job(self, job_id: int | None) -> Totals:
        """Return the sums of the lines of one job; those of None have no job, as supplies."""
        return Totals.of([line for line in self.lines if line.job_id == job_id])


def _amount(lines: Iterable[LineFigures], *kinds: LineKind) -> Money:
    return Money(sum(line.amount for line in lines if line.kind in kinds))
