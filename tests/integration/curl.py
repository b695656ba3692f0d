"""The options of curl that the documentation uses, for machines without curl."""

import argparse
import sys
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def main() -> None:
    """Send one request and print the response."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true", required=True)
    parser.add_argument("-i", dest="with_headers", action="store_true")
    parser.add_argument("-w", dest="after", default="")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", type=str.encode)
    parser.add_argument("url")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.headers)
    request = Request(given.url, given.data, headers, method=given.method)  # noqa: S310 - http
    try:
        with urlopen(request) as answer:  # noqa: S310 - as above
            show(answer, given)
    except HTTPError as refused:
        with refused:
            show(refused, given)


def show(answer: HTTPResponse | HTTPError, given: argparse.Namespace) -> None:
    """Print the headers of a response if asked to, its body, and what is to come after it."""
    if given.with_headers:
        sys.stdout.write(f"HTTP/1.1 {answer.status}\n{answer.headers}")
        sys.stdout.flush()
    sys.stdout.buffer.write(answer.read())
    sys.stdout.write(given.after.replace("%{http_code}", str(answer.status)).replace(r"\n", "\n"))


main()
