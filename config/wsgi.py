"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.db import connections  # noqa: E402 - after Django is set up

from apps.socle import startup  # noqa: E402

startup.check()
connections.close_all()  # gunicorn forks its workers after this: each opens its own
