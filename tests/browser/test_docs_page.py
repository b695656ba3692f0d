"""The docs page in a browser: it loads, authorises, and makes a call."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import frozen
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from mechanic_http.openapi.document import document
from mechanic_shop.demo.people import MANAGER, PASSWORD
from tests.integration.programs import Program, ask

PATIENCE_S = 30
LIST = "#operations-customers-list_customers"


@frozen
class Page:
    """What a person sees, and does, with patience."""

    browser: Chrome

    def see(self, selector: str, text: str = "") -> WebElement:
        """Return the first visible element that has *text*, once there is one."""

        def found(browser: Chrome) -> WebElement | None:
            elements = browser.find_elements(By.CSS_SELECTOR, selector)
            shown = (one for one in elements if one.is_displayed() and text in one.text)
            return next(shown, None)

        seen: WebElement = self.wait(found)
        return seen

    def click(self, selector: str, text: str = "") -> None:
        """Click on what is seen."""
        element = self.see(selector, text)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def count(self, selector: str) -> int:
        """Return how many there are."""
        return len(self.browser.find_elements(By.CSS_SELECTOR, selector))

    def wait(self, until: Callable[[Chrome], Any]) -> Any:
        """Return what *until* finds; raise where patience ends."""
        return WebDriverWait(self.browser, PATIENCE_S).until(until)


def token_of_the_manager(shop: Program) -> str:
    """Return a token that the shop gives."""
    credentials = {"email": MANAGER, "password": PASSWORD}
    with closing(shop.connection()) as connection:
        answer = ask(connection, "POST", "/mechanics/login", credentials)
    return str(answer.body["token"])


def test_docs_page_makes_a_call(shop: Program, browser: Chrome, tmp_path: Path) -> None:
    """
    The page shows every operation, takes a token, and gets 200 for what needs one, unhindered.
    """
    page = Page(browser)
    operations = sum(len(item.keys() - {"parameters"}) for item in document()["paths"].values())

    browser.get(f"{shop.url}/docs")
    page.wait(lambda _: page.count(".opblock") == operations)
    page.click(f"{LIST} .opblock-summary-control")
    page.click(f"{LIST} .execute")
    page.see(f"{LIST} .live-responses-table .response-col_status", "401")
    page.click(".scheme-container .authorize")
    page.see(".auth-container input").send_keys(token_of_the_manager(shop))
    page.click(".auth-btn-wrapper .authorize")
    page.click(".auth-btn-wrapper .btn-done")
    page.click(f"{LIST} .execute")
    page.see(f"{LIST} .live-responses-table .response-col_status", "200")
    said = page.see(f"{LIST} .live-responses-table .highlight-code").text
    browser.save_screenshot(str(tmp_path / "docs.png"))

    assert '"per_page": 20' in said
    assert [] == complaints_of(browser)
    assert {shop.url} == origins_of(browser)


def test_problem_page_leads_to_its_operations(shop: Program, browser: Chrome) -> None:
    """
    From what a problem means, a person comes to where it may come from.
    """
    page = Page(browser)

    browser.get(f"{shop.url}/problems/insufficient-stock")
    page.click("li a", "Put a part on a ticket")
    page.see("#operations-lines-add_part_line.is-open .opblock-summary-path")

    assert {shop.url} == origins_of(browser)


def complaints_of(browser: Chrome) -> list[str]:
    """Return what the console says of faults, the refused call aside."""
    logged: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [one["message"] for one in logged if "401 (Unauthorized)" not in one["message"]]


def origins_of(browser: Chrome) -> set[str]:
    """Return where everything on the page came from."""
    script = """return JSON.stringify(performance.getEntriesByType('resource')
        .map(one => new URL(one.name)).filter(url => url.protocol !== 'data:')
        .map(url => url.origin))"""
    return set(json.loads(browser.execute_script(script)))
