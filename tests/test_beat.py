"""What beat asks for at night exists, and a worker would run it."""

from django.conf import settings

from config.celery import app


def test_every_scheduled_task_is_known_to_the_worker() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted
    assert wanted <= set(app.tasks)


def test_every_task_of_the_house_without_arguments_is_scheduled() -> None:
    app.loader.import_default_modules()
    ours = {name for name, task in app.tasks.items() if name.startswith("apps.") and not task.run.__code__.co_argcount}
    assert ours == {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
