"""The options of curl that the README uses, for machines without curl."""

import argparse
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def main() -> None:
    """Send one request and print the body of the response."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true", required=True)
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", type=str.encode)
    parser.add_argument("url")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.headers)
    request = Request(given.url, given.data, headers, method=given.method)  # noqa: S310 - http
    try:
        with urlopen(request) as answer:  # noqa: S310 - as above
            sys.stdout.buffer.write(answer.read())
    except HTTPError as refused:
        with refused:
            sys.stdout.buffer.write(refused.read())


main()
