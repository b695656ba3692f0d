"""A WSGI application whose import takes a minute."""

import time

from tests.integration import tiny_app

time.sleep(60)
application = tiny_app.application
