from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FacturationConfig(AppConfig):
    """The legal invoice: numbers, lines, taxes, what is paid."""

    name = "apps.facturation"
    label = "facturation"
    verbose_name = _("Facturation")

    def ready(self) -> None:
        from apps.facturation import constraints
        from apps.facturation.facts import INVOICE_ISSUED, ROLES
        from apps.facturation.provisioning import open_first_sequence, require_known_country
        from apps.facturation.selectors import authority, link
        from apps.organisations.provisioning import register_requirement, register_step
        from apps.socle.facts import declare_fact, name_roles, register_authority, register_source_link
        from apps.socle.screens.states import declare_state

        constraints.declare()
        declare_fact(INVOICE_ISSUED)
        name_roles(ROLES)
        register_source_link("facturation.Invoice", link, "facturation:facture")
        register_authority("facturation.Invoice", authority)
        declare_state("pending", "attente", _("À payer"))
        register_requirement("country", require_known_country)
        register_step("facturation", open_first_sequence, 50)
