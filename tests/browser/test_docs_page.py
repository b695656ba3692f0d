"""The docs page in a browser: it loads, authorizes and sends a request."""

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
from tests.browser.axe import violations
from tests.integration.programs import Program, ask

PATIENCE_S = 30
LIST = "#operations-customers-list_customers"


@frozen
class Page:
    """The page in the browser; each method waits for its element."""

    browser: Chrome

    def see(self, selector: str, text: str = "") -> WebElement:
        """Return the first visible element that contains *text*."""

        def found(browser: Chrome) -> WebElement | None:
            elements = browser.find_elements(By.CSS_SELECTOR, selector)
            shown = (one for one in elements if one.is_displayed() and text in one.text)
            return next(shown, None)

        seen: WebElement = self.wait(found)
        return seen

    def click(self, selector: str, text: str = "") -> None:
        """Click on a visible element."""
        element = self.see(selector, text)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def count(self, selector: str) -> int:
        """Return the number of elements."""
        return len(self.browser.find_elements(By.CSS_SELECTOR, selector))

    def wait(self, until: Callable[[Chrome], Any]) -> Any:
        """Return the first true result of *until*; raise after the timeout."""
        return WebDriverWait(self.browser, PATIENCE_S).until(until)


def manager_token(shop: Program) -> str:
    """Log in as the manager, and return the access token."""
    credentials = {"email": MANAGER, "password": PASSWORD}
    with closing(shop.connection()) as connection:
        answer = ask(connection, "POST", "/mechanics/login", credentials)
    return str(answer.body["token"])


def test_docs_page_makes_a_call(shop: Program, browser: Chrome, tmp_path: Path) -> None:
    """
    The page shows every operation, accepts a token and gets 200 for a protected request.
    """
    page = Page(browser)
    operations = sum(len(item.keys() - {"parameters"}) for item in document()["paths"].values())

    browser.get(f"{shop.url}/docs")
    page.wait(lambda _: page.count(".opblock") == operations)
    page.click(f"{LIST} .opblock-summary-control")
    page.click(f"{LIST} .execute")
    page.see(f"{LIST} .live-responses-table .response-col_status", "401")
    page.click(".scheme-container .authorize")
    page.see(".auth-container input").send_keys(manager_token(shop))
    page.click(".auth-btn-wrapper .authorize")
    page.click(".auth-btn-wrapper .btn-done")
    page.click(f"{LIST} .execute")
    page.see(f"{LIST} .live-responses-table .response-col_status", "200")
    said = page.see(f"{LIST} .live-responses-table .highlight-code").text
    browser.save_screenshot(str(tmp_path / "docs.png"))

    assert '"per_page": 20' in said
    assert [] == console_errors(browser)
    assert {shop.url} == resource_origins(browser)


def test_problem_page_leads_to_its_operations(shop: Program, browser: Chrome) -> None:
    """
    The page of a problem links to the operations that may answer with it; axe finds nothing.
    """
    page = Page(browser)

    browser.get(f"{shop.url}/problems/insufficient-stock")
    found = violations(browser)
    page.click("li a", "Add a part line")
    page.see("#operations-lines-add_part_line.is-open .opblock-summary-path")

    assert [] == found
    assert {shop.url} == resource_origins(browser)


def console_errors(browser: Chrome) -> list[str]:
    """Return the errors in the browser's console, except for the expected 401."""
    logged: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [one["message"] for one in logged if "401 (Unauthorized)" not in one["message"]]


def resource_origins(browser: Chrome) -> set[str]:
    """Return the origins of the page's resources."""
    script = """return JSON.stringify(performance.getEntriesByType('resource')
        .map(one => new URL(one.name)).filter(url => url.protocol !== 'data:')
        .map(url => url.origin))"""
    return set(json.loads(browser.execute_script(script)))
