"""Amounts, days and priced lines as papers write them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mechanic_core.customers.customer import CustomerDetails
from mechanic_core.pricing.credits import CreditedLine
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, LineFigures, PricedLine, Totals
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import SuppliesFee
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_http.documents.paper.paper import Buyer, Fact, PaperLine, Seller, Sum
from mechanic_http.documents.rendering import shown_money, shown_percent, shown_quantity

GROSS_REMARK: Final = "Unit prices and discounts include tax; net amounts do not."


def seller_of(profile: ProfileValues) -> Seller:
    """Return the shop as *profile* describes it."""
    return Seller(
        name=profile.name,
        address=profile.address or "",
        phone=profile.phone or "",
        email=profile.email or "",
        registration=profile.registration or "",
        tax_number=profile.tax_number or "",
    )


def buyer_of(customer: CustomerDetails | None) -> Buyer:
    """Return who it is for; nobody where they were erased."""
    if customer is None:
        return Buyer()
    return Buyer(
        name=customer.name,
        address=customer.address or "",
        phone=customer.phone or "",
        email=customer.email or "",
    )


def vehicle_facts(vehicle: TicketVehicle | None) -> tuple[Fact, ...]:
    """Return what is known of a vehicle."""
    if vehicle is None:
        return ()
    described = " ".join(str(one) for one in (vehicle.year, vehicle.make, vehicle.model) if one)
    odometer = "" if vehicle.odometer is None else f"{vehicle.odometer:,}"
    facts = (
        Fact("Vehicle", described),
        Fact("Plate", vehicle.plate or ""),
        Fact("VIN", vehicle.vin or ""),
        Fact("Odometer", odometer),
    )
    return tuple(fact for fact in facts if fact.text)


def paper_line(
    line: PricedLine | CreditedLine, *, taxed: Iterable[str], note: str = ""
) -> PaperLine:
    """Return a line; its tax class is shown where it is one of *taxed*, which have rates.

    One that was credited by amount has no quantity, and no unit price then.
    """
    unit = " h" if line.kind is LineKind.LABOR else ""
    return PaperLine(
        description=line.description or line.kind.value.capitalize(),
        note=note,
        quantity="" if line.quantity is None else f"{shown_quantity(line.quantity)}{unit}",
        unit_price="" if line.quantity is None else shown_money(line.unit_price),
        discount=shown_money(-line.discount) if line.discount else "",
        net=shown_money(line.net),
        tax_class=line.tax_class if line.tax_class in taxed else "",
    )


def job_sums(totals: Totals) -> tuple[Sum, ...]:
    """Return the sums of one job; without tax there is one."""
    total = Sum(label="This job", amount=shown_money(totals.total), is_total=True)
    if not totals.tax:
        return (total,)
    return (
        Sum(label="Subtotal", amount=shown_money(totals.net)),
        Sum(label="Tax", amount=shown_money(totals.tax)),
        total,
    )


def document_sums(
    totals: Totals,
    taxes: Sequence[AuthorityTax],
    supplies: SuppliesFee | None = None,
    *,
    gross_prices: bool,
) -> tuple[Sum, ...]:
    """Return the totals of a document, from its kinds of lines to what is to pay.

    With gross prices the tax is a part of the total, and follows it.
    """
    parts = [
        Sum(label="Parts", amount=shown_money(totals.parts)),
        Sum(label="Labor", amount=shown_money(totals.labor)),
    ]
    if totals.charges:
        parts.append(Sum(label="Charges", amount=shown_money(totals.charges)))
    if totals.supplies:
        how = supplies_rule(supplies) if supplies else ""
        parts.append(Sum(label="Shop supplies", amount=shown_money(totals.supplies), how=how))
    if totals.discount:
        parts.append(Sum(label="Discount", amount=shown_money(-totals.discount)))
    net = Sum(label="Net", amount=shown_money(totals.net))
    total = Sum(label="Total", amount=shown_money(totals.total), is_total=True)
    if gross_prices:
        return (*parts, total, net, *_tax_sums(taxes, "Included: ")) if taxes else (*parts, total)
    return (*parts, net, *_tax_sums(taxes), total) if taxes else (*parts, total)


def _tax_sums(taxes: Iterable[AuthorityTax], prefix: str = "") -> tuple[Sum, ...]:
    """Return what each authority gets for each class of what is taxed."""
    return tuple(
        Sum(
            label=f"{prefix}{tax.authority}",
            amount=shown_money(tax.tax),
            how=f"{shown_percent(tax.percent)} % of {shown_money(tax.base)} ({tax.tax_class})",
        )
        for tax in taxes
    )


def supplies_rule(fee: SuppliesFee) -> str:
    """Return how the fee for supplies comes about."""
    most = "" if fee.cap is None else f", at most {shown_money(fee.cap)}"
    return f"{shown_percent(fee.percent)} % of {' and '.join(fee.of)}{most}"


def has_gross_prices(lines: Iterable[LineFigures]) -> bool:
    """Return whether unit prices include tax, which the net amounts then lack.

    The lines say it themselves: the profile has the rules of today, and a ticket those under which
    it was finished.
    """
    return any(line.amount - line.discount != line.net for line in lines)


def remarks(
    discounts: Iterable[TicketDiscount], currency: str, *, gross_prices: bool
) -> Iterator[str]:
    """Yield what has to be said of prices: the discounts on the whole, and whether tax is in them."""
    for discount in discounts:
        yield _discount_remark(discount, currency)
    if gross_prices:
        yield GROSS_REMARK


def _discount_remark(discount: TicketDiscount, currency: str) -> str:
    """Return the sentence that says which ticket-wide discount is included, and why."""
    scope = "everything" if discount.scope is Scope.ALL else discount.scope.value
    reason = f": {discount.reason}" if discount.reason else ""
    return f"Included: {_off(discount, currency)} off {scope}{reason}"


def _off(discount: Discount, currency: str) -> str:
    if discount.percent is not None:
        return f"{shown_percent(discount.percent)} %"
    return f"{shown_money(discount.amount or 0)} {currency}"
