"""The repair shop as a program: settings, wiring, observability and the command line."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Import `open_shop` on first use, so that the command line starts without a database."""
    if name == "open_shop":
        from mechanic_shop.wiring.shop import open_shop  # noqa: PLC0415 - see above

        return open_shop
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
