"""`actualiser_traductions`: the catalogues follow the source. Exit status 1 while something is left to translate."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.socle.management.base import HouseCommand, NotWhole
from apps.socle.progress import counted
from apps.socle.translations import update, update_source_language


class Command(HouseCommand):
    help = (
        "Met les catalogues de traduction d’accord avec le code et les gabarits, et les compile. Ce qui reste à"
        " traduire est listé : complétez locale/<langue>/LC_MESSAGES/django.po, puis relancez."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        missing = 0
        update_source_language()
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            empty, dropped = update(language)
            for text in empty:
                self.stdout.write(f"à traduire ({language}) : {text}")
            self.stdout.write(f"{language} : {len(empty)} à traduire, {counted(len(dropped), 'retiré', 'retirés')}")
            missing += len(empty)
        if missing:
            raise NotWhole(f"{counted(missing, 'texte', 'textes')} sans traduction.")
