"""Settings of the HTTP layer."""

from attrs import field, frozen


@frozen(kw_only=True)
class HttpSettings:
    """Validated settings of the HTTP layer.

    *cursor_secret* has at least 32 bytes. *trusted_proxies* are addresses or networks whose
    ``X-Forwarded-*`` headers are trusted; *cors_origins* are origins, or ``*``. *root_path* is the
    prefix that a proxy removes from the path, such as ``/shop``.
    """

    cursor_secret: bytes = field(repr=False)
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    require_if_match: bool = False
    force_https: bool = False
    root_path: str = ""
