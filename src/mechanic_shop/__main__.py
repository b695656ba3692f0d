"""Run the command line with `python -m mechanic_shop`."""

from mechanic_shop.cli import main

main()
