from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrganisationsConfig(AppConfig):
    """Who works here: users, tenants, memberships, roles, third parties."""

    name = "apps.organisations"
    label = "organisations"
    verbose_name = _("Établissement et membres")

    def ready(self) -> None:
        from apps.organisations import constraints
        from apps.organisations.navigation import Entry, register_entry
        from apps.organisations.services.install_roles import install_roles_after_migrate
        from apps.socle.screens.states import declare_state

        constraints.declare()
        declare_state("membre_ouvert", "payee", pgettext_lazy("accès", "Ouvert"))
        declare_state("membre_ferme", "annulee", pgettext_lazy("accès", "Fermé"))
        register_entry(Entry(_("Membres"), "membres:liste", "organisations.gerer_membres", order=100))
        register_entry(Entry(_("Administration"), "admin:index", "organisations.acces_administration", order=110))
        post_migrate.connect(install_roles_after_migrate, sender=self, dispatch_uid="organisations.roles")
