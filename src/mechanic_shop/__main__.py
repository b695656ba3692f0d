"""The program `mechanic-shop`, which is `python -m mechanic_shop` too."""

import sys
from typing import NoReturn

from mechanic_shop.extras import ALL, ExtraMissing, name_missing_extra


def main() -> NoReturn:
    """Run the command line; exit 2 with one line if its packages are not installed."""
    try:
        with name_missing_extra("the command line"):
            from mechanic_shop import cli  # noqa: PLC0415 - needs click
    except ExtraMissing as missing:
        sys.stderr.write(f"mechanic-shop: {missing.advice(ALL)}\n")
        sys.exit(missing.exit_code)
    cli.main()


if __name__ == "__main__":
    main()
