"""The rivals' own bench, imported from wherever it lies."""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final, Self, final

from attrs import frozen

FOLDER: Final = "RIVALS_FOLDER"
HOME: Final = "PEERS_HOME"


def parser_of(purpose: str | None) -> argparse.ArgumentParser:
    """Return what reads the command line of a program that needs the rivals."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--rivals", default=os.environ.get(FOLDER), help=f"default ${FOLDER}")
    parser.add_argument("--home", default=os.environ.get(HOME), help=f"default ${HOME}")
    return parser


def options_from(
    parser: argparse.ArgumentParser, words: list[str] | None = None
) -> argparse.Namespace:
    """Return what the command line says; the program ends where the rivals are not named."""
    options = parser.parse_args(words)
    if not options.rivals or not options.home:
        parser.error("--rivals and --home must say where the rivals' bench and its programs are")
    return options


@final
@frozen
class Rivals:
    """The modules of the bench, which has no types: each is taken as it is."""

    folder: Path
    bench: Any
    report: Any
    scenarios: Any
    services: Any

    @classmethod
    def at(cls, folder: str, home: str) -> Self:
        """Import the bench in *folder*, whose programs and data are in *home*."""
        os.environ[HOME] = home  # read when the modules are imported
        sys.path.insert(0, folder)
        named = (importlib.import_module(name) for name in _MODULES)
        return cls(Path(folder), *named)

    def shop_url(self, dataset: str, user: str = "app") -> str:
        """Return the address of the shop's own database beside the rivals' *dataset*."""
        address: str = self.services.url(dataset, user)
        return address.replace("/bench_", "/shop_")


_MODULES: Final = ("bench", "report", "scenarios", "services")
