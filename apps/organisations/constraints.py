"""What the database of this app refuses by trigger, in French."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint


def declare() -> None:
    """Give each trigger its sentence. Called from `AppConfig.ready()`."""
    declare_constraint(
        "organisations_membership_home",
        _("Un compte sans adresse électronique n’appartient qu’à son établissement."),
        "membership-needs-email",
        field="username",
    )
    declare_constraint(
        "organisations_registry_repeats",
        _("L’ouverture et le fuseau d’un établissement se changent sur sa propre fiche."),
        "registry-follows-tenant",
    )
