"""The renderer of PDF: a fixed template of Typst, and a paper as JSON.

What people have typed reaches the template as text alone, and is never read as markup. Only fonts
within the wheel are used, and no time but the paper's own, so that a paper always has the same bytes.
"""

from collections.abc import Mapping
from importlib.resources import files
from threading import Lock
from typing import Any, Final, final

import orjson
import typst

_TEMPLATE: Final = files("mechanic_adapters.pdf").joinpath("paper.typ").read_bytes()
_LETTER_CURRENCIES: Final = frozenset({"USD", "CAD", "MXN", "PHP"})
"""Those of countries that print on Letter; all others print on A4."""

_ARCHIVAL: Final = "a-2a"
"""PDF/A-2a: archival and accessible."""


@final
class TypstRenderer:
    """Renders papers as PDF, one at a time: Typst spreads each over all processors by itself."""

    def __init__(self) -> None:
        """Start without a compiler, which the first paper makes."""
        self._lock = Lock()

    def __call__(self, paper: Mapping[str, Any]) -> bytes:
        """Return *paper* as PDF/A; as plain PDF where its texts have letters that no font has."""
        size = "us-letter" if paper["currency"] in _LETTER_CURRENCIES else "a4"
        inputs = {"paper": orjson.dumps(paper).decode(), "size": size}
        with self._lock:
            try:
                return _compile(inputs, [_ARCHIVAL])
            except typst.TypstError:
                return _compile(inputs, [])


def _compile(inputs: dict[str, str], standards: list[Any]) -> bytes:
    return typst.compile(
        _TEMPLATE,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs=inputs,
        pdf_standards=standards,
    )
