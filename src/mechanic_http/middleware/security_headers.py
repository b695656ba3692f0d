"""Headers that keep browsers from harm."""

from typing import Final, final

from falcon import Request, Response

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
_POLICY: Final = "Content-Security-Policy"
_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"


@final
class SecurityHeaders:
    """Adds the headers to every answer; a page may bring a policy of its own."""

    def process_response(
        self,
        _: Request,
        resp: Response,
        __: object,
        ___: bool,  # noqa: FBT001 - Falcon's order
    ) -> None:
        """Add what is not there yet."""
        for name, value in _ALWAYS:
            resp.set_header(name, value)
        if resp.get_header(_POLICY) is None:
            resp.set_header(_POLICY, _NOTHING)
