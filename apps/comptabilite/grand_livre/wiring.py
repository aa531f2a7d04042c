"""What the ledger tells the rest of the house when Django is ready."""

from django.utils.translation import gettext_lazy as _

LECTURE = "comptabilite.view_ecriture"


def ready() -> None:
    """Register constraints, the subscriber and its traces, provisioning, the bar's entries and the home's block."""
    from apps.comptabilite.grand_livre import constraints, provisioning, selectors
    from apps.comptabilite.grand_livre.cloture import imputations_et_ecritures
    from apps.comptabilite.grand_livre.subscribers import comptabiliser_fait
    from apps.fiscal.preclosing import register_preclosing_check
    from apps.organisations.provisioning import register_step
    from apps.socle.facts import register_traces, subscribe
    from apps.socle.numbering import Numbered, declare_number
    from apps.socle.screens.states import declare_state

    constraints.declare()
    declare_number(Numbered("ECR", "comptabilite.Ecriture", "numero_ecriture", of_its_date=True))
    subscribe("comptabilite", comptabiliser_fait)
    register_traces("comptabilite", selectors.traces_du_fait)
    register_step("plan comptable", provisioning.plan, order=30)
    register_step("règles d’imputation", provisioning.regles, order=40)
    register_preclosing_check("grand_livre", imputations_et_ecritures)
    declare_state("RESOLUE", "validee", _("Résolue"))
    _screens()


def _screens() -> None:
    from apps.comptabilite.grand_livre import selectors
    from apps.comptabilite.grand_livre.accueil import a_faire
    from apps.organisations.dashboard import register_block
    from apps.organisations.navigation import Entry, register_entry

    register_entry(Entry(_("Écritures"), "grand_livre:ecritures", LECTURE, 50))
    register_entry(Entry(_("Balance"), "grand_livre:balance", LECTURE, 51))
    register_entry(
        Entry(
            _("Imputations"),
            "grand_livre:imputations",
            "comptabilite.view_imputationenattente",
            52,
            selectors.nombre_en_attente,
        )
    )
    register_block(a_faire, LECTURE, 40)
