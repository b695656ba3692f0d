"""The rivals' own bench, imported from wherever it lies."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final, Self, final

from attrs import frozen

FOLDER: Final = "RIVALS_FOLDER"
HOME: Final = "PEERS_HOME"


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
