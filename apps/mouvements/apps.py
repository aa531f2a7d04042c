from django.apps import AppConfig


class MouvementsConfig(AppConfig):
    """What each third party owes, and how it came about."""

    name = "apps.mouvements"
    label = "mouvements"
    verbose_name = "Mouvements"

    def ready(self) -> None:
        from apps.mouvements.subscribers import sur_fait
        from apps.socle.facts import subscribe

        subscribe("mouvements", sur_fait)
