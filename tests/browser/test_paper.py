"""An estimate on paper: as a page on a telephone and at a desk, and from a printer."""

import base64
import io
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from pypdf import PdfReader
from selenium.webdriver import Chrome

from tests.browser.axe import violations
from tests.browser.estimates import SHOP, Desk
from tests.integration.programs import Program

LONG: Final = "Donaudampfschifffahrtsgesellschaft" * 5
A4, LETTER = (8.27, 11.69), (8.5, 11.0)
"""Sizes in inches."""


@pytest.fixture(scope="module")
def page(shop: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an estimate, with a word that no column has room for, as a file."""
    desk = Desk.of(shop)
    ticket = desk.ticket()
    job = desk.send("POST", f"{ticket}/jobs", {"title": LONG})["id"]
    line = {"description": LONG, "hours": 1, "rate": 120, "job_id": job}
    desk.send("POST", f"{ticket}/labor", line)
    desk.send("POST", f"{ticket}/estimates", {"note": "The pads are down to 2 mm."})
    with closing(shop.connection()) as connection:
        token = {"Authorization": f"Bearer {desk.token}"}
        connection.request("GET", f"{ticket}/estimates/1.html", headers=token)
        answer = connection.getresponse()
        saved = tmp_path_factory.mktemp("paper") / "estimate.html"
        saved.write_bytes(answer.read())
    assert 200 == answer.status
    return saved


@pytest.mark.parametrize("width", [390, 1200])
def test_everybody_can_read_it(browser: Chrome, page: Path, width: int) -> None:
    """
    No rule of axe is broken, and nothing is wider than the screen.
    """
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())

    assert [] == violations(browser)
    root = "document.documentElement"
    assert browser.execute_script(f"return {root}.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [A4, LETTER])
def test_it_prints_on_both_papers(browser: Chrome, page: Path, size: tuple[float, float]) -> None:
    """
    What was shown is on two or three pages, each with its number.
    """
    width, height = size
    browser.get(page.as_uri())

    paper = {"paperWidth": width, "paperHeight": height, "preferCSSPageSize": False}
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    pages = [one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages]

    assert len(pages) in (2, 3)
    assert SHOP in pages[0]
    assert "Signature" in pages[-1]
    assert all(f"{n} / {len(pages)}" in text for n, text in enumerate(pages, 1))
