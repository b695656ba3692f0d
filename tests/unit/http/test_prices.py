"""POST /prices: lines are priced, and nothing is stored."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest
from hypothesis import given

from mechanic_core.pricing.forms import PriceLine, PriceRequest
from mechanic_http.json import codec
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import FEWER
from tests.unit.core.pricing.documents import Draft, drafts
from tests.unit.core.pricing.test_vectors import VECTORS, priced
from tests.unit.http.shop import ANONYMOUS, client

PADS: Final = {"kind": "part", "quantity": 2, "unit_price": 64.99}
WORK: Final = {"kind": "labor", "hours": 1.5, "rate": 120}
TAXED: Final[dict[str, Any]] = {
    "tax_rates": [
        {"tax_class": "parts", "authority": "State", "percent": 6.25},
        {"tax_class": "parts", "authority": "City", "percent": 2},
    ],
    "supplies_fee": {"percent": 5, "of": ["labor"]},
}


def price(body: Mapping[str, Any], status: int = 200) -> Any:
    """Return the answer to a mechanic's request."""
    answer = client().ask("POST", "/prices", body, MECHANIC)
    assert status == answer.status_code, answer.text
    return answer.json


def request_of(vector: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request of a published vector, as the contract maps its members."""
    options = vector["options"]
    return {
        "lines": [
            {
                "id": line["id"],
                "kind": line["kind"],
                "hours" if line["kind"] == "labor" else "quantity": shifted(line["qty"], 3),
                "rate" if line["kind"] == "labor" else "unit_price": shifted(line["price"], 2),
                "tax_class": line["tax"],
                "discount": discount_of(line["disc_ppm"]) if "disc_ppm" in line else None,
            }
            for line in vector["lines"]
        ],
        "discounts": [
            {"scope": one["scope"], **discount_of(one["ppm"])}
            for one in options.get("discounts", ())
        ],
        "profile": {
            "tax_rates": [
                {"tax_class": tax_class, "authority": name, "percent": shifted(ppm, 4)}
                for tax_class, rates in options.get("taxes", {}).items()
                for name, ppm in rates
            ],
            "tax_rounding": options.get("tax_at", "document"),
            "prices_include_tax": options.get("inclusive", False),
            "supplies_fee": None,
        },
    }


def discount_of(ppm: int) -> dict[str, str]:
    """Return a discount of parts per million."""
    return {"percent": shifted(ppm, 4)}


def shifted(number: int, decimals: int) -> str:
    """Return *number* with its last digits as decimals."""
    return format(Decimal(number).scaleb(-decimals), "f")


def cents(amount: float) -> int:
    """Return an amount of an answer in minor units."""
    return int(Decimal(str(amount)).scaleb(2).to_integral_exact())


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_is_priced_as_published(vector: dict[str, Any]) -> None:
    """
    Every published vector is answered with the lines, the breakdown and the totals that it says.
    """
    document, expected = price(request_of(vector)), vector["expect"]

    assert {
        (one["id"], one["gross"], one["discount"], one["net"], one["tax"])
        for one in expected["lines"]
    } == {
        (one["id"], *(cents(one[name]) for name in ("amount", "discount", "net", "tax")))
        for one in document["lines"]
    }
    assert [tuple(row.values()) for row in expected["breakdown"]] == [
        (
            row["tax_class"],
            row["authority"],
            int(Decimal(str(row["percent"])) * 10_000),
            cents(row["base"]),
            cents(row["tax"]),
        )
        for row in document["tax"]
    ]
    totals = document["totals"]
    assert (expected["net"], expected["tax"], expected["total"]) == tuple(
        cents(totals[name]) for name in ("net", "tax", "total")
    )


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_it_is_the_function_of_the_core(vector: dict[str, Any]) -> None:
    """
    The answer is what `mechanic_core.pricing.price` returns, as JSON.
    """
    assert json.loads(codec.encode(priced(vector))) == price(request_of(vector))


@FEWER
@given(drafts())
def test_any_document_is_priced_as_in_the_core(draft: Draft) -> None:
    """
    Lines of every kind, discounts and rules reach the function unchanged, and its figures the client.
    """
    fields = [field.name for field in attrs.fields(PriceLine) if field.init]
    lines = tuple(
        PriceLine(**{name: getattr(line, name) for name in fields}) for line in draft.lines
    )
    request = PriceRequest(lines=lines, discounts=draft.discounts, profile=draft.rules)

    answer = price(json.loads(codec.encode(request)))

    assert json.loads(codec.encode(draft.priced(lines))) == answer


PRICED_LINES: Final = [
    {
        "line": 1,
        "kind": "part",
        "id": 7,
        "job_id": None,
        "description": "Pads",
        "quantity": 2,
        "unit_price": 64.99,
        "amount": 129.98,
        "discount": 0,
        "net": 129.98,
        "tax": 10.72,
        "tax_class": "parts",
    },
    {
        "line": 2,
        "kind": "labor",
        "id": None,
        "job_id": None,
        "description": None,
        "quantity": 1.5,
        "unit_price": 120,
        "amount": 180,
        "discount": 0,
        "net": 180,
        "tax": 0,
        "tax_class": "labor",
    },
    {
        "line": 3,
        "kind": "supplies",
        "id": None,
        "job_id": None,
        "description": "Shop supplies",
        "quantity": 1,
        "unit_price": 9,
        "amount": 9,
        "discount": 0,
        "net": 9,
        "tax": 0,
        "tax_class": "supplies",
    },
]
"""The answer's lines for pads and work under the rules `TAXED`."""


def test_answers_the_priced_document() -> None:
    """
    Lines are numbered, parts first; the supplies fee is the last; nothing is left out.
    """
    document = price({"lines": [WORK, PADS | {"description": "Pads", "id": 7}], "profile": TAXED})

    assert {
        "lines": PRICED_LINES,
        "tax": [
            {
                "tax_class": "parts",
                "authority": name,
                "percent": percent,
                "base": 129.98,
                "tax": tax,
            }
            for name, percent, tax in (("State", 6.25, 8.12), ("City", 2, 2.6))
        ],
        "totals": {
            "parts": 129.98,
            "labor": 180,
            "charges": 0,
            "supplies": 9,
            "discount": 0,
            "net": 318.98,
            "tax": 10.72,
            "total": 329.7,
        },
    } == document


@pytest.mark.parametrize("body", [{}, {"profile": None}])
def test_the_shops_rules_are_the_default(body: dict[str, Any]) -> None:
    """
    Without a profile the shop's own rules hold; members that a given one leaves out are off.
    """
    shop = client()
    shop.ask("PATCH", "/shop", TAXED, MANAGER)
    lines = {"lines": [PADS, WORK]}

    by_default = shop.ask("POST", "/prices", {**lines, **body}, MECHANIC).json

    assert 329.7 == by_default["totals"]["total"]
    untaxed = shop.ask("POST", "/prices", {**lines, "profile": {}}, MECHANIC).json
    assert 309.98 == untaxed["totals"]["total"]


def test_discounts_are_taken_off() -> None:
    """
    A line takes an amount or a percentage, the document discounts in their order.
    """
    totals = price(
        {
            "lines": [PADS | {"discount": {"amount": 9.98}}, WORK | {"discount": {"percent": 10}}],
            "discounts": [
                {"scope": "parts", "percent": "50", "reason": "Fleet"},
                {"scope": "all", "amount": 22},
            ],
        }
    )["totals"]

    assert (129.98, 180, 9.98 + 18 + 60 + 22, 200) == (
        totals["parts"],
        totals["labor"],
        totals["discount"],
        totals["total"],
    )


@pytest.mark.parametrize("kind", ["part", "labor", "fee", "sublet", "core"])
def test_any_kind_may_be_below_0(kind: str) -> None:
    """
    What comes back is below 0, whatever its kind; half a cent goes away from zero.
    """
    totals = price({"lines": [{"kind": kind, "quantity": -0.25, "unit_price": 90.1}]})["totals"]

    assert -22.53 == totals["total"]


def test_no_lines_cost_nothing() -> None:
    """
    An empty document has no lines, no tax and totals of 0.
    """
    document = price({"lines": []})

    assert ([], [], {0}) == (document["lines"], document["tax"], set(document["totals"].values()))


def test_as_many_lines_as_a_ticket_can_have() -> None:
    """
    600 lines with the largest numbers are priced exactly; one more is refused.
    """
    dear = {"kind": "sublet", "quantity": 99999, "unit_price": 99999999.99}

    document = price({"lines": [dear] * 600})

    assert 99999 * 9999999999 * 6 == document["totals"]["total"]
    refused = price({"lines": [dear] * 601}, 422)
    assert [{"pointer": "#/lines", "detail": "must have at most 600 items"}] == refused["errors"]


def test_no_total_is_beyond_64_bits() -> None:
    """
    As many lines with the largest numbers, the largest fee and tax come to less than 2 ** 63 cents.
    """
    dear = {"kind": "part", "quantity": 99999, "unit_price": 99999999.99}
    rates = [
        {"tax_class": tax_class, "authority": name, "percent": 100}
        for tax_class in ("parts", "supplies")
        for name in "ABCDE"
    ]
    fee = {"percent": 100, "of": ["parts", "labor"]}
    body = {"lines": [dear] * 600, "profile": {"tax_rates": rates, "supplies_fee": fee}}

    totals = price(body)["totals"]

    assert 2**63 > 100 * totals["total"] == 600 * 2 * 6 * 99999 * 9999999999
    rates.append({"tax_class": "parts", "authority": "F", "percent": "0.0001"})
    assert [
        {
            "pointer": "#/profile/tax_rates/10/percent",
            "detail": "the rates of a tax_class must add up to at most 500",
        }
    ] == price(body, 422)["errors"]


TICKET_WIDE: Final = {"scope": "all", "percent": 10}
BAD: Final[list[tuple[dict[str, Any], dict[str, str]]]] = [
    ({}, {"#/lines": "is required"}),
    ({"lines": None}, {"#/lines": "must not be null"}),
    ({"lines": PADS}, {"#/lines": "must be an array"}),
    ({"lines": [5]}, {"#/lines/0": "must be an object"}),
    (
        {"lines": [{}]},
        {f"#/lines/0/{name}": "is required" for name in ("kind", "quantity", "unit_price")},
    ),
    ({"lines": [PADS | {"job_id": 1}]}, {"#/lines/0/job_id": "is not a known field"}),
    ({"lines": [PADS | {"amount": 1}]}, {"#/lines/0/amount": "is not a known field"}),
    (
        {"lines": [PADS | {"kind": "supplies"}]},
        {"#/lines/0/kind": "must be one of part, labor, fee, sublet, core"},
    ),
    (
        {"lines": [PADS | {"hours": 1}]},
        {"#/lines/0/hours": "must not be given together with quantity"},
    ),
    *[
        (
            {"lines": [{"kind": kind}]},
            dict.fromkeys((f"#/lines/0/{name}" for name in names), "is required"),
        )
        for kind, names in (
            ("part", ("quantity", "unit_price")),
            ("labor", ("hours", "rate")),
            ("core", ("quantity", "unit_price")),
        )
    ],
    ({"lines": [{"kind": "labor", "hours": 1}]}, {"#/lines/0/rate": "is required"}),
    ({"lines": [{"kind": "labor", "quantity": 1}]}, {"#/lines/0/rate": "is required"}),
    ({"lines": [{"kind": "part", "hours": 1}]}, {"#/lines/0/unit_price": "is required"}),
    (
        {"lines": [WORK | {"quantity": 1, "rate": None}]},
        {
            "#/lines/0/quantity": "must not be given together with hours",
            "#/lines/0/rate": "must not be null",
        },
    ),
    (
        {"lines": [WORK | {"unit_price": "x", "hours": "x"}]},
        {
            "#/lines/0/unit_price": "must not be given together with rate",
            "#/lines/0/hours": "must be a number with at most 3 decimals",
        },
    ),
    (
        {"lines": [{"kind": ["labor"], "hours": 1, "rate": -1}]},
        {"#/lines/0/kind": "", "#/lines/0/rate": "must be from 0 to 99999999.99"},
    ),
    (
        {"lines": [WORK | {"hours": 99999.001, "rate": -1}]},
        {
            "#/lines/0/hours": "must be from -99999 to 99999",
            "#/lines/0/rate": "must be from 0 to 99999999.99",
        },
    ),
    (
        {"lines": [PADS | {"quantity": 0.0001, "unit_price": 0.001}]},
        {
            "#/lines/0/quantity": "must have at most 3 decimals",
            "#/lines/0/unit_price": "must have at most 2 decimals",
        },
    ),
    ({"lines": [PADS | {"id": 0}]}, {"#/lines/0/id": "must be from 1 to 9223372036854775807"}),
    ({"lines": [PADS | {"description": "x" * 301}]}, {"#/lines/0/description": ""}),
    ({"lines": [PADS | {"tax_class": "Parts"}]}, {"#/lines/0/tax_class": ""}),
    ({"lines": [PADS | {"discount": 5}]}, {"#/lines/0/discount": "must be an object"}),
    *[
        (
            {"lines": [PADS | {"discount": given}]},
            {"#/lines/0/discount/amount": "either amount or percent is required"},
        )
        for given in ({}, {"amount": 1, "percent": 1}, {"amount": None})
    ],
    (
        {"lines": [PADS | {"discount": {"percent": 101}}]},
        {"#/lines/0/discount/percent": "must be from 0 to 100"},
    ),
    (
        {"lines": [PADS | {"discount": {"amount": -1, "reason": "x"}}]},
        {"#/lines/0/discount/amount": "", "#/lines/0/discount/reason": "is not a known field"},
    ),
    (
        {"lines": [PADS, PADS | {"quantity": -1, "discount": {"percent": 0}}]},
        {"#/lines/1/discount": "must be null: the amount of the line is below 0"},
    ),
    (
        {"lines": [PADS | {"id": 1}, WORK | {"id": 1}, PADS | {"id": 1}]},
        {"#/lines/2/id": "is the id of another part"},
    ),
    (
        {"lines": [], "discounts": [{}]},
        {"#/discounts/0/scope": "is required", "#/discounts/0/amount": ""},
    ),
    ({"lines": [], "discounts": [{"scope": "all"}]}, {"#/discounts/0/amount": ""}),
    (
        {"lines": [], "discounts": [TICKET_WIDE | {"scope": "core"}]},
        {"#/discounts/0/scope": "must be one of all, parts, labor"},
    ),
    (
        {"lines": [], "discounts": [TICKET_WIDE] * 21},
        {"#/discounts": "must have at most 20 items"},
    ),
    (
        {"lines": [], "profile": {"tax_rates": [TAXED["tax_rates"][0]] * 2}},
        {"#/profile/tax_rates/1/authority": "has a rate for this tax_class already"},
    ),
    ({"lines": [], "profile": {"currency": "EUR"}}, {"#/profile/currency": ""}),
    (
        {"lines": [], "profile": {"supplies_fee": {"of": ["parts"]}}},
        {"#/profile/supplies_fee/percent": "is required", "#/profile/supplies_fee/of": ""},
    ),
    (
        {"lines": [PADS | {"quantity": -1, "discount": {"amount": 1}, "vin": "x", "id": 0}]},
        {"#/lines/0/discount": "", "#/lines/0/vin": "", "#/lines/0/id": ""},
    ),
    ({"lines": [], "vat": 1}, {"#/vat": "is not a known field"}),
    (
        {
            "lines": [PADS | {"quantity": -1, "discount": {"amount": 1}}, WORK | {"rate": "x"}, {}],
            "profile": {"tax_rounding": "up"},
            "x": 1,
        },
        {
            "#/lines/0/discount": "",
            "#/lines/1/rate": "must be a number with at most 2 decimals",
            **{f"#/lines/2/{name}": "" for name in ("kind", "quantity", "unit_price")},
            "#/profile/tax_rounding": "must be one of document, line",
            "#/x": "is not a known field",
        },
    ),
]


@pytest.mark.parametrize(("body", "problems"), BAD)
def test_all_problems_are_named(body: dict[str, Any], problems: dict[str, str]) -> None:
    """
    Whatever is wrong is 422 with the pointer of each value that is, and nothing is priced.
    """
    refused = price(body, 422)

    found = {one["pointer"]: one["detail"] for one in refused["errors"]}
    assert problems.keys() == found.keys()
    assert {place: detail or found[place] for place, detail in problems.items()} == found
    assert "lines" not in refused


@pytest.mark.parametrize(("actor", "status"), [(ANONYMOUS, 401), (CUSTOMER, 403), (MANAGER, 200)])
def test_staff_price_lines(actor: Any, status: int) -> None:
    """
    Mechanics and managers price lines; others do not.
    """
    assert status == client().ask("POST", "/prices", {"lines": [PADS]}, actor).status_code


def test_nothing_is_stored() -> None:
    """
    Pricing writes no event and changes no record, and gives the currency no price.
    """
    shop = client()
    before = shop.premises.store._tables

    shop.ask("POST", "/prices", {"lines": [PADS], "profile": TAXED}, MANAGER)

    assert before is shop.premises.store._tables
