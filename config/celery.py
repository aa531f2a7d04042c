"""The Celery application: workers and beat."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cauris")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_to_start_unprotected(**kwargs: Any) -> None:
    """Stop before the first task when the login is too strong or the second wall is down."""
    from apps.socle import startup

    try:
        startup.check()
    except startup.Unprotected as error:
        raise SystemExit(f"celery : {error}") from error
