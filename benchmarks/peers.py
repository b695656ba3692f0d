"""The benchmark harness of the peers (other frameworks), imported from its folder."""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final, Self, final

from attrs import frozen

FOLDER: Final = "PEERS_FOLDER"
HOME: Final = "PEERS_HOME"

SHOP: Final = "shop"
BEFORE: Final = "before"
"""The databases of this checkout, and of the one that it is compared against."""


def parser_of(purpose: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every program that needs the peers."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--peers", default=os.environ.get(FOLDER), help=f"default ${FOLDER}")
    parser.add_argument("--home", default=os.environ.get(HOME), help=f"default ${HOME}")
    return parser


def options_from(
    parser: argparse.ArgumentParser, arguments: list[str] | None = None
) -> argparse.Namespace:
    """Return the parsed *arguments*; exit if the folders of the peers are missing."""
    options = parser.parse_args(arguments)
    if not options.peers or not options.home:
        parser.error("--peers and --home must name the folders of the harness and of its programs")
    return options


@final
@frozen
class Peers:
    """The modules of the harness, which has no type annotations."""

    folder: Path
    bench: Any
    report: Any
    scenarios: Any
    services: Any

    @classmethod
    def at(cls, folder: str, home: str) -> Self:
        """Import the harness in *folder*; its programs and data are in *home*."""
        os.environ[HOME] = home  # the modules read it when they are imported
        sys.path.insert(0, folder)
        modules = (importlib.import_module(name) for name in _MODULES)
        return cls(Path(folder), *modules)

    def shop_url(self, dataset: str, user: str = "app", database: str = SHOP) -> str:
        """Return the URL of the shop's own *database* for the peers' *dataset*."""
        address: str = self.services.url(dataset, user)
        return address.replace("/bench_", f"/{database}_")


_MODULES: Final = ("bench", "report", "scenarios", "services")
