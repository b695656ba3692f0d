"""A shop that a proxy serves under a prefix."""

import re
from ipaddress import ip_network
from typing import Any

import pytest

from tests.integration.apps import BOB, open_client, settings_for
from tests.integration.field_reports.desk import Desk
from tests.integration.servers import LOOPBACK


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"root_path": "/shop"}, {}),
        ({"trusted_proxies": (ip_network(LOOPBACK),)}, {"X_Forwarded_Prefix": "/shop"}),
    ],
    ids=["ROOT_PATH", "X-Forwarded-Prefix"],
)
def test_every_address_has_the_prefix(
    url: str, settings: dict[str, Any], headers: dict[str, str]
) -> None:
    """
    Field report M7: Location, Link, problems, links, documents and pages are under `/shop/`.
    """
    with open_client(settings_for(url, **settings)) as client:
        desk = Desk(client)
        made = desk.ask("POST", "/inventory", {"name": "Oil", "price": 7}, **headers)
        listed = desk.ask("GET", "/inventory?per_page=1", **headers)
        lost = desk.ask("GET", "/inventory/999", **headers).json
        link = desk.ask("POST", "/customers/1/password_resets", by=BOB, **headers).json
        document = desk.ask("GET", "/openapi.json", **headers).json
        pages = [
            desk.ask("GET", path, **headers).text
            for path in ("/docs", "/problems/part-not-found", f"/r/{link['token']}")
        ]

    addresses = [
        made.headers["Location"],
        *re.findall("<(.*?)>", listed.headers["Link"]),
        *(lost["type"], lost["instance"], link["url"], document["servers"][0]["url"] + "/"),
        *(one for page in pages for one in re.findall(r"(?:src|href|action)=\"(/.*?)\"", page)),
    ]
    assert len(addresses) > 10
    assert [] == [one for one in addresses if not one.startswith("/shop/")]
