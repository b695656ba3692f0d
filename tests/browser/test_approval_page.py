"""The page of a link to an estimate, on a telephone and at a desk."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from mechanic_shop.demo.people import PASSWORD
from tests.browser.axe import violations
from tests.browser.estimates import SHOP, Desk
from tests.integration.programs import Program

PATIENCE_S = 30
WIDTHS = {"telephone": 390, "desk": 1200}


@pytest.fixture(params=WIDTHS)
def browser(browser: Chrome, request: pytest.FixtureRequest) -> Chrome:
    """A browser as wide as a telephone, and as a screen on a desk."""
    width = WIDTHS[request.param]
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return browser


@pytest.fixture(scope="module")
def desk(shop: Program) -> Desk:
    """The manager of the shop."""
    return Desk.of(shop)


@pytest.fixture
def look(browser: Chrome, tmp_path: Path) -> Callable[[str, str], str]:
    """Waits for a heading, looks at the page, and returns its text."""

    def at(name: str, heading: str) -> str:
        WebDriverWait(
            browser, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]
        ).until(lambda _: heading in browser.find_element(By.TAG_NAME, "body").text)
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (tmp_path / f"{name}.png").write_bytes(b64decode(shot["data"]))
        root = "document.documentElement"
        assert [] == violations(browser), name
        assert browser.execute_script(f"return {root}.scrollWidth <= window.innerWidth"), name
        return browser.find_element(By.TAG_NAME, "body").text

    return at


def choose(browser: Chrome, number: int, answer: str) -> None:
    """Choose an answer for a job as a keyboard does."""
    selector = f"section.job:nth-of-type({number}) input[value={answer}]"
    browser.find_element(By.CSS_SELECTOR, selector).send_keys(Keys.SPACE)


def test_a_customer_answers(desk: Desk, browser: Chrome, look: Callable[[str, str], str]) -> None:
    """
    Open, with mistakes, answered: axe finds nothing, and nothing is wider than the screen.
    """
    url = desk.link(desk.ticket())

    browser.get(url)
    opened = look("open", "Your estimate")
    assert not browser.find_elements(By.CSS_SELECTOR, "input:checked")
    choose(browser, 1, "yes")
    browser.find_element(By.ID, "name").send_keys(Keys.ENTER)
    mistaken = look("mistakes", "Nothing is sent yet")
    focused = browser.switch_to.active_element.text
    browser.find_element(By.LINK_TEXT, "Choose yes or no for Oil service").send_keys(Keys.ENTER)
    choose(browser, 2, "yes")
    choose(browser, 3, "no")
    browser.find_element(By.ID, "name").send_keys("Ada Moore", Keys.ENTER)
    answered = look("answered", "Your answers")

    assert SHOP in opened
    assert "854.80 USD" in opened
    assert "Nothing is sent yet" in focused
    assert "Type your name" in mistaken
    assert "Choose yes or no for Front brakes" not in mistaken
    assert "Answered by Ada Moore" in answered
    whose = f"{desk.customer}\nVehicle\n2003 Honda Accord, plate 7ABC123"
    assert all(whose in page for page in (opened, mistaken, answered))
    assert "728.80 USD" in answered


def test_a_link_that_is_over(desk: Desk, browser: Chrome, look: Callable[[str, str], str]) -> None:
    """
    Replaced, superseded, expired, unknown: each page says so.
    """
    ticket = desk.ticket()
    former, latest = desk.link(ticket), desk.again(ticket, 1)
    browser.get(former)
    look("replaced", "This link was replaced or withdrawn")
    desk.link(ticket)
    browser.get(latest)
    look("superseded", "There is a newer estimate")
    expired = desk.expired_link(desk.ticket())
    browser.get(expired)
    assert "Call +1-555-0100" in look("expired", "This link has expired")
    browser.get(f"{latest}x")

    assert SHOP not in look("unknown", "Link not found")


def test_a_customer_chooses_a_password(
    desk: Desk, browser: Chrome, look: Callable[[str, str], str]
) -> None:
    """
    The page of the other kind of link: open, with a mistake, done.
    """
    customer = desk.send("GET", "/customers?per_page=1")["items"][0]["id"]
    issued = desk.send("POST", f"/customers/{customer}/password_resets")
    browser.get(f"{desk.shop.url}{issued['url']}")
    look("password", "Choose a password")
    browser.execute_script("document.forms[0].noValidate = true")
    browser.find_element(By.ID, "password").send_keys("short", Keys.ENTER)
    look("password-mistake", "The password must have")
    browser.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)

    assert "You can log in with it now" in look("password-saved", "Password saved")
