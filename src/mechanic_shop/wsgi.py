"""The shop for any WSGI server: `mechanic_shop.wsgi:application`."""

from mechanic_core.errors import Refused
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import create_application

try:
    _settings = Settings.read()
    application = create_application(_settings, configure_logging(_settings))
except (Refused, OSError) as reason:
    raise SystemExit(f"mechanic-shop: {reason}") from None
