"""The WSGI application for any server: `mechanic_shop.wsgi:application`."""

from mechanic_core.errors import Refused
from mechanic_shop import create_application
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.settings.settings import Settings

try:
    _settings = Settings.read()
    application = create_application(_settings, configure_logging(_settings))
except (Refused, OSError) as error:
    raise SystemExit(f"mechanic-shop: {error}") from None
