"""What an operator decides about the HTTP side."""

from attrs import field, frozen


@frozen(kw_only=True)
class HttpSettings:
    """Settings of the HTTP side, already checked.

    *cursor_secret* has 32 bytes or more. *trusted_proxies* are addresses or networks whose
    ``X-Forwarded-*`` is believed; *cors_origins* are origins, or ``*``.
    """

    cursor_secret: bytes = field(repr=False)
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    require_if_match: bool = False
    force_https: bool = False
