"""Blank lines before a request cost little: a few are ignored, many are refused."""

import pytest
from waitress.adjustments import Adjustments

from mechanic_server.request_parser import StrictParser

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\n\r\n"


@pytest.mark.parametrize(("lines", "refused"), [(1, False), (8, False), (9, True), (4_000, True)])
def test_many_blank_lines_are_refused(lines: int, refused: bool) -> None:  # noqa: FBT001 - a case
    """
    More than eight blank lines at once are 400, so that a client cannot make a parser for each.
    """
    parser, data = StrictParser(Adjustments()), b"\r\n" * lines + REQUEST

    consumed = parser.received(data)

    assert refused is (parser.error is not None)
    assert refused is (consumed == len(data) and parser.last)
