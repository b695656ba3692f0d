"""`python -m mechanic_shop` is `mechanic-shop`."""

from mechanic_shop.cli import main

main()
