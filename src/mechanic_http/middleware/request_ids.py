"""A name for every request, taken from the client or made."""

import re
from random import getrandbits
from typing import Final, final

from falcon import Request, Response

_GOOD: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


@final
class RequestIds:
    """Names each request, on the way in and on every answer."""

    def process_request(self, req: Request, resp: Response) -> None:
        """Take the client's name for the request where it is a good one."""
        given = req.env.get("HTTP_X_REQUEST_ID")
        if given is None or not _GOOD.fullmatch(given):
            given = f"{getrandbits(128):032x}"
        req.context.request_id = given
        resp.set_header("X-Request-ID", given)
