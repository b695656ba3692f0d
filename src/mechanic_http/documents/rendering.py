"""HTML from the templates beside this module, which escape whatever they show.

Jinja is imported by the first page: most server processes never send one.
"""

import functools
import re
from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from falcon import Response

from mechanic_core.mail.local_time import local_time
from mechanic_core.money import PERCENT_DECIMALS, Quantity, money_to_decimal, to_decimal
from mechanic_http.context import ShopRequest

HTML: Final = "text/html; charset=utf-8"

NOWHERE: Final = "base-uri 'none'; frame-ancestors 'none'"
WITH_FORM: Final = f"default-src 'none'; style-src 'self'; form-action 'self'; {NOWHERE}"
READ_ONLY: Final = f"default-src 'none'; style-src 'self'; form-action 'none'; {NOWHERE}"
INTERACTIVE: Final = f"{READ_ONLY}; script-src 'self'; img-src 'self' data:; connect-src 'self'"
"""Content security policies of pages. Swagger UI embeds its images in its style sheet, as `data:`."""

_SECRET: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def send_page(
    req: ShopRequest, resp: Response, template: str, policy: str, **values: object
) -> None:
    """Send a page that browsers ask for again each time."""
    resp.content_type = HTML
    resp.set_header("Content-Security-Policy", policy)
    resp.set_header("Cache-Control", "no-cache")
    resp.data = _render(template)(root=req.root_path, **values).encode()


def send_secret_page(
    req: ShopRequest, resp: Response, status: HTTPStatus, template: str, **values: object
) -> None:
    """Send a page whose address is a secret: no cache, search engine or referrer gets it."""
    send_page(req, resp, template, WITH_FORM, **values)
    resp.status = int(status)
    resp.set_headers(_SECRET)


def rendered(template: str, **values: object) -> str:
    """Return a page that refers to nothing outside it."""
    return _render(template)(**values)


def redirect(resp: Response, address: str) -> None:
    """Send a browser from a form to the page that shows what came of it."""
    resp.status = int(HTTPStatus.SEE_OTHER)
    resp.set_headers({**_SECRET, "Location": address})


@functools.cache
def _render(template: str) -> Callable[..., str]:
    """Return the function that renders a template."""
    return _load()(template)


@functools.cache
def _load() -> Callable[[str], Callable[..., str]]:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - rarely needed

    environment = Environment(
        autoescape=True,
        loader=PackageLoader("mechanic_http.documents", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "dialled": dialled,
        "money": shown_money,
        "moment": local_time,
        "percent": shown_percent,
        "quantity": shown_quantity,
    }
    return lambda template: environment.get_template(template).render


def dialled(phone: str) -> str:
    """Return the digits of a number that a telephone dials first, without an extension."""
    return re.sub(r"[^+0-9]", "", phone.partition("x")[0])


def shown_money(amount: int) -> str:
    """Return an amount as people read it: `1,234.50`, with a minus sign below 0."""
    return f"{money_to_decimal(amount):,}".replace("-", "\N{MINUS SIGN}")


def shown_quantity(quantity: Quantity) -> str:
    """Return a quantity without needless decimals."""
    return f"{to_decimal(quantity):,f}".replace("-", "\N{MINUS SIGN}")


def shown_percent(percent: int) -> str:
    """Return a percentage without needless decimals."""
    return f"{Decimal(percent).scaleb(-PERCENT_DECIMALS).normalize():f}"
