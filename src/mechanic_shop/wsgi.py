"""The shop for any WSGI server: `mechanic_shop.wsgi:application`."""

from mechanic_core.errors import Refused
from mechanic_shop.observability.logs import set_up
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import create_application

try:
    _settings = Settings.read()
    application = create_application(_settings, set_up(_settings))
except (Refused, OSError) as reason:
    raise SystemExit(f"mechanic-shop: {reason}") from None
