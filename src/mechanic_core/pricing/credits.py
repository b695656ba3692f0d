"""Credits: a document given back in parts, none of which loses or makes a cent.

Of each line as much of net, tax and discount is credited as belongs to the part of it that has
been credited so far, rounded once; a credit is the difference to what was credited before. So
credits of everything sum to the document, in whatever parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import sub
from typing import Annotated, ClassVar, Final

from attrs import evolve, frozen

from mechanic_core.errors import Conflict, Problem, RuleBroken, Unknown
from mechanic_core.money import MAX_MONEY, MONEY_DECIMALS, Money, Quantity
from mechanic_core.pricing.document import (
    AuthorityTax,
    LineFigures,
    PricedDocument,
    PricedLine,
    Totals,
)
from mechanic_core.pricing.line import SignedQuantity
from mechanic_core.pricing.rounding import rounded
from mechanic_core.rules import Between, Description, Example, checked

SignedMoney = Annotated[Money, Between(-MAX_MONEY, MAX_MONEY, MONEY_DECIMALS), Example(20)]

_LINES: Final = Annotated[tuple[int, ...], Example((2,)), Description("The numbers of the lines.")]


class CreditedOtherwise(Conflict):
    """A line is credited by quantity or by amount, and was credited the other way before."""

    fact_types: ClassVar = {"line_numbers": _LINES}


class MoreThanInvoiced(Conflict):
    """No more of a line can be credited than is left of it."""

    fact_types: ClassVar = {"line_numbers": _LINES}


@frozen
class Part:
    """A part of a line, by quantity or by amount; the empty part is neither."""

    quantity: int = 0
    amount: int = 0

    def plus(self, other: "Part") -> "Part":
        """Return both parts together."""
        return Part(self.quantity + other.quantity, self.amount + other.amount)

    def of(self, figure: int, line: PricedLine) -> int:
        """Return what belongs to this part of a *figure* of *line*, rounded once."""
        if self.amount:
            return rounded(figure * self.amount, line.net)
        return rounded(figure * self.quantity, line.quantity) if self.quantity else 0

    def exceeds(self, line: PricedLine) -> bool:
        """Return whether this is more than the whole *line*."""
        return abs(self.quantity) > abs(line.quantity) or abs(self.amount) > abs(line.net)


@frozen(kw_only=True, field_transformer=checked)
class LineCredit:
    """A line to credit by its number, and how much of it: a quantity, or a net amount.

    Both count as the line does: of a line below 0 a part above 0 is one below 0.
    """

    line: Annotated[int, Between(1, 2**31 - 1), Example(1)]
    quantity: SignedQuantity | None = None
    amount: SignedMoney | None = None

    def __attrs_post_init__(self) -> None:
        """Check that there is a quantity or an amount, not both, and that it is not 0."""
        if (self.quantity is None) == (self.amount is None):
            raise RuleBroken(Problem("#/quantity", "either quantity or amount is required"))
        if not (self.quantity or self.amount):
            name = "amount" if self.quantity is None else "quantity"
            raise RuleBroken(Problem(f"#/{name}", "must not be 0"))

    @property
    def part(self) -> Part:
        """The part of the line."""
        return Part(self.quantity or 0, self.amount or 0)


@frozen(kw_only=True)
class CreditedLine(LineFigures):
    """What is given back of a line. *quantity* is null where its net amount was credited."""

    quantity: Annotated[Quantity | None, Example(1)]


@frozen(kw_only=True)
class Credit:
    """What is given back of a document."""

    lines: tuple[CreditedLine, ...]
    tax: tuple[AuthorityTax, ...]
    totals: Totals


Parts = Mapping[int, Part]
"""Parts of lines by their numbers."""


def credit(
    document: PricedDocument,
    credited: Sequence[CreditedLine],
    wanted: Sequence[LineCredit] | None = None,
) -> Credit:
    """Return what is given back when *wanted* is credited.

    Args:
        document: What was invoiced.
        credited: The lines of all former credits of the document.
        wanted: Each line at most once; None for everything that is left.

    Raises:
        RuleBroken: A line is named twice, or a part below 0 of a line above 0. All are named.
        Unknown: The document has no line of this number.
        CreditedOtherwise: A line was credited by quantity, and now by amount, or the reverse.
        MoreThanInvoiced: That much of a line is not left, or nothing of the document.
    """
    lines = {line.line: line for line in document.lines}
    before = _sums((line.line, _part_of(line)) for line in credited)
    now = _left(lines, before) if wanted is None else _parts(lines, wanted)
    after = _sums([*before.items(), *now.items()])
    _require_creditable(lines, before, now)
    given = tuple(
        _difference(line, before.get(number, Part()), after[number], now[number])
        for number, line in lines.items()
        if number in now
    )
    return Credit(
        lines=given, tax=_breakdown(document, before, after, given), totals=Totals.of(given)
    )


def _part_of(line: CreditedLine) -> Part:
    return Part(amount=line.net) if line.quantity is None else Part(quantity=line.quantity)


def _sums(parts: Iterable[tuple[int, Part]]) -> Parts:
    sums: dict[int, Part] = {}
    for number, part in parts:
        sums[number] = sums.get(number, Part()).plus(part)
    return sums


def _left(lines: Mapping[int, PricedLine], before: Parts) -> Parts:
    """Return what is left of each line; raise `MoreThanInvoiced` if that is nothing."""
    left = {}
    for number, line in lines.items():
        part = before.get(number, Part())
        rest = (
            Part(amount=line.net - part.amount)
            if part.amount
            else Part(quantity=line.quantity - part.quantity)
        )
        if rest != Part():
            left[number] = rest
    if not left:
        raise MoreThanInvoiced("Everything has been credited", line_numbers=tuple(lines))
    return left


def _parts(lines: Mapping[int, PricedLine], wanted: Sequence[LineCredit]) -> Parts:
    """Return the *wanted* parts, with the signs of their lines."""
    parts: dict[int, Part] = {}
    unknown: list[str] = []
    problems: list[Problem] = [] if wanted else [Problem("#/lines", "must not be empty")]
    for index, one in enumerate(wanted):
        if one.line not in lines:
            unknown.append(f"#/lines/{index}/line")
        elif one.line in parts:
            problems.append(Problem(f"#/lines/{index}/line", "is named twice"))
        elif lines[one.line].quantity < 0:
            parts[one.line] = Part(-abs(one.part.quantity), -abs(one.part.amount))
        elif one.part.quantity < 0 or one.part.amount < 0:
            name = "quantity" if one.amount is None else "amount"
            problems.append(Problem(f"#/lines/{index}/{name}", "must be above 0"))
        else:
            parts[one.line] = one.part
    if problems:
        raise RuleBroken(*problems, *Unknown(*unknown).problems)
    if unknown:
        raise Unknown(*unknown)
    return parts


def _require_creditable(lines: Mapping[int, PricedLine], before: Parts, now: Parts) -> None:
    """Raise a `Conflict` that names all lines of which a part cannot be credited."""
    sums = {number: before.get(number, Part()).plus(part) for number, part in now.items()}
    mixed = tuple(number for number, part in sums.items() if part.quantity and part.amount)
    if mixed:
        raise CreditedOtherwise(line_numbers=mixed)
    beyond = tuple(number for number, part in sums.items() if part.exceeds(lines[number]))
    if beyond:
        raise MoreThanInvoiced(line_numbers=beyond)


def _difference(line: PricedLine, before: Part, after: Part, part: Part) -> CreditedLine:
    """Return what is credited when the credited part of *line* grows from *before* to *after*."""
    discount, net, tax = (
        after.of(figure, line) - before.of(figure, line)
        for figure in (line.discount, line.net, line.tax)
    )
    is_gross = line.amount - line.discount != line.net
    return CreditedLine(
        line=line.line,
        kind=line.kind,
        id=line.id,
        job_id=line.job_id,
        description=line.description,
        unit_price=line.unit_price,
        amount=Money(net + discount + (tax if is_gross else 0)),
        discount=Money(discount),
        net=Money(net),
        tax=Money(tax),
        tax_class=line.tax_class,
        quantity=None if part.amount else Quantity(part.quantity),
    )


def _breakdown(
    document: PricedDocument, before: Parts, after: Parts, given: Sequence[CreditedLine]
) -> tuple[AuthorityTax, ...]:
    """Return the credited tax by tax class and authority, for the classes of the *given* lines."""
    found: list[AuthorityTax] = []
    for tax_class, group in groupby(document.tax, lambda row: row.tax_class):
        credited = [line for line in given if line.tax_class == tax_class]
        if not credited:
            continue
        rows, base = list(group), Money(sum(line.net for line in credited))
        lines = [line for line in document.lines if line.tax_class == tax_class]
        taxes = map(sub, _shares(rows, lines, after), _shares(rows, lines, before))
        found += [
            evolve(row, base=base, tax=Money(tax)) for row, tax in zip(rows, taxes, strict=True)
        ]
    return tuple(found)


def _shares(rows: Sequence[AuthorityTax], lines: Sequence[PricedLine], parts: Parts) -> list[int]:
    """Return the share of each authority in the tax of *parts* of the *lines* of one class.

    The first authority has its part of the tax, rounded; the next its part of the rest, and so
    on. So no share shrinks when more is credited, and all are whole at the end.
    """
    taxes = [parts.get(line.line, Part()).of(line.tax, line) for line in lines]
    if taxes == [line.tax for line in lines]:
        return [row.tax for row in rows]
    rest = sum(taxes)
    weights: list[int] = [row.tax for row in rows]
    if not sum(weights):
        weights = [row.percent for row in rows]
    left = sum(weights)
    shares = []
    for weight in weights:
        share = rounded(rest * weight, left) if rest else 0
        shares.append(share)
        rest, left = rest - share, left - weight
    return shares
