"""Papers as PDF by Typst."""

import hashlib
import io
import json
import subprocess
import sys
from time import monotonic
from typing import Any, Final

import pytest
from pypdf import PdfReader

from mechanic_adapters.pdf.typst_renderer import TypstRenderer
from mechanic_shop.wiring.paper import create_pdf_renderer

MARKUP: Final = "#eval(1) *bold* _it_ $x$ \\n \" ' `raw` <label> @ref // no /* no */ ~ [a] {b} -- --- ... = #sys"
TYPED: Final = ("żółć", "ß", "Ελληνικά", "Привет", MARKUP)
LINES: Final = 600

PARTY: Final = {"address": "1 Main St\nTown", "phone": "555", "email": ""}


def line(description: str) -> dict[str, str]:
    """Return a line."""
    return {
        "description": description,
        "note": "",
        "quantity": "1",
        "unit_price": "9.00",
        "discount": "",
        "net": "9.00",
        "tax_class": "",
    }


def paper(*descriptions: str, **given: Any) -> dict[str, Any]:
    """Return a paper with these lines."""
    total = {"label": "Total", "amount": "9.00", "how": "", "is_total": True}
    section = {
        "title": "Brakes",
        "kind": "",
        "asks": True,
        "lines": [line(one) for one in descriptions],
        "sums": [total],
    }
    return {
        "name": "Estimate 1-1",
        "day": "2026-03-02",
        "currency": "EUR",
        "facts": [{"label": "Date", "text": "2026-03-02"}],
        "seller": {"name": "Moore & Sons", "registration": "", "tax_number": "12", **PARTY},
        "buyer": {"name": "Ada", **PARTY},
        "vehicle": [],
        "note": "",
        "sections": [section],
        "entries": [],
        "sums": [total],
        "payments": [total],
        "remarks": ["Included: #1"],
        "authorizations": [{"at": "now", "who": "Ada", "what": "Brakes", "total": "9.00"}],
        "consent": "I authorize",
        "disclosures": ["None."],
        "digest": "abc",
        "has_discounts": False,
        "has_tax_classes": True,
    } | given


def read(pdf: bytes) -> PdfReader:
    """Return a PDF that can be read."""
    return PdfReader(io.BytesIO(pdf), strict=True)


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF, in one line, without places where a word may break."""
    pages = " ".join(page.extract_text() for page in read(pdf).pages)
    return " ".join(pages.replace("\u200b", "").split())


@pytest.mark.parametrize("typed", TYPED)
def test_texts_are_shown_as_they_were_typed(typed: str) -> None:
    """
    In each alphabet that the fonts have, and where they look like markup of Typst.
    """
    pdf = TypstRenderer()(paper(typed))

    assert typed in text_of(pdf)
    assert b"pdfaid" in pdf


def test_what_no_font_has_is_no_error() -> None:
    """
    A letter without a glyph makes the paper a plain PDF; the rest is there.
    """
    pdf = TypstRenderer()(paper("Pad 中文 😀", "Disc"))

    assert "Disc" in text_of(pdf)
    assert b"pdfaid" not in pdf


def test_a_paper_may_be_almost_empty() -> None:
    """
    An account without movements is a paper too.
    """
    lists = ("facts", "sections", "sums", "payments", "remarks", "authorizations", "disclosures")
    nobody = {"name": "", "address": "", "phone": "", "email": ""}
    empty = dict.fromkeys(lists, ()) | {"buyer": nobody, "consent": "", "digest": ""}

    pdf = TypstRenderer()(paper(name="Statement", **empty))

    assert "Statement" in text_of(pdf)


def test_lines_stay_lines() -> None:
    """
    A description of several lines has them on paper.
    """
    (page,) = read(TypstRenderer()(paper("Pads, front\nwith wear sensor"))).pages

    assert "Pads, front\n" in page.extract_text()


@pytest.mark.parametrize("before", range(24, 40))
def test_the_sums_of_a_short_job_are_not_alone(before: int) -> None:
    """
    Wherever it is on the page, its last line and its total are on the same one.
    """
    tree = paper(*["Pad"] * before)
    (first,) = tree["sections"]
    sums = [{"label": "Sum of it", "amount": "9.00", "how": "", "is_total": True}]
    short = first | {"lines": [line("Disc"), line("Last")], "sums": sums}

    pages = [
        page.extract_text()
        for page in read(TypstRenderer()(tree | {"sections": [first, short]})).pages
    ]

    assert ["Last" in one for one in pages] == ["Sum of it" in one for one in pages]


def test_a_job_that_is_longer_than_a_page_loses_nothing() -> None:
    """
    A few lines of very many short lines go on on the next page.
    """
    numbers = [f"N{number}" for number in range(300)]
    rows = ["\n".join(numbers[start : start + 60]) for start in range(0, 300, 60)]

    assert set(numbers) <= set(text_of(TypstRenderer()(paper(*rows))).split())


def test_every_text_is_inert() -> None:
    """
    Markup in any member of a paper is shown, wherever it stands.
    """
    inert = "#panic()$*"
    party = {"address": inert, "phone": inert, "email": inert}
    pdf = TypstRenderer()(
        paper(
            inert,
            name=inert,
            facts=[{"label": inert, "text": inert}],
            seller={"name": inert, "registration": inert, "tax_number": inert, **party},
            buyer={"name": inert, **party},
            vehicle=[{"label": inert, "text": inert}],
            note=inert,
            entries=[{"on": inert, "what": inert, "amount": inert, "balance": inert}],
            remarks=[inert],
            authorizations=[{"at": inert, "who": inert, "what": inert, "total": inert}],
            consent=inert,
            disclosures=[inert],
            digest=inert,
        )
    )

    assert 28 <= text_of(pdf).count(inert)


def test_two_processes_make_the_same_bytes() -> None:
    """
    The same paper is the same file, wherever and whenever it is made.
    """
    tree = paper("Pad", *TYPED)
    program = (
        "import hashlib, json, sys\n"
        "from mechanic_adapters.pdf.typst_renderer import TypstRenderer\n"
        "print(hashlib.sha256(TypstRenderer()(json.load(sys.stdin))).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(tree),
        env={"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"},
        text=True,
        capture_output=True,
        check=True,
    )

    assert hashlib.sha256(TypstRenderer()(tree)).hexdigest() == other.stdout.strip()


def test_its_date_is_the_papers() -> None:
    """
    No time of rendering is in the file.
    """
    information = read(TypstRenderer()(paper("Pad"))).metadata

    assert information is not None
    assert "2026-03-02" == str(information.creation_date)[:10]
    assert "Estimate 1-1 from Moore & Sons" == information.title


@pytest.mark.parametrize(("currency", "width"), [("USD", 612), ("EUR", 595)])
def test_the_size_is_that_of_the_country(currency: str, width: int) -> None:
    """
    Letter where people pay in dollars, A4 elsewhere.
    """
    page = read(TypstRenderer()(paper("Pad", currency=currency))).pages[0]

    assert width == int(page.mediabox.width)


def test_the_largest_paper_takes_seconds() -> None:
    """
    As many lines as a ticket may have, with long words, on many pages.
    """
    started = monotonic()

    pdf = TypstRenderer()(paper(*["W" * 300] * LINES))

    assert 30 > monotonic() - started
    assert 20 < len(read(pdf).pages)


def test_without_typst_there_is_no_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The shop starts without the extra, and makes no PDF.
    """
    monkeypatch.delitem(sys.modules, "mechanic_adapters.pdf.typst_renderer")
    monkeypatch.setitem(sys.modules, "typst", None)

    assert create_pdf_renderer() is None


def test_with_typst_there_is_one() -> None:
    """
    The shop takes what is installed.
    """
    assert isinstance(create_pdf_renderer(), TypstRenderer)
