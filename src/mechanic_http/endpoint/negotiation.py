"""Content negotiation: answers are JSON, for whoever accepts that."""

import functools

from falcon import Request, mediatypes

from mechanic_http.problems.refusals import NotAcceptable


def must_accept_json(req: Request) -> None:
    """Refuse with `NotAcceptable` whoever says that JSON is of no use to them."""
    accept = req.env.get("HTTP_ACCEPT")
    if accept and not _takes_json(accept):
        raise NotAcceptable("answers are application/json")


@functools.lru_cache(maxsize=256)
def _takes_json(accept: str) -> bool:
    try:
        return mediatypes.quality("application/json", accept) > 0
    except ValueError:
        return True  # who can't be understood gets what there is (RFC 9110, section 12.5.1)
