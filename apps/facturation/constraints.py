"""What the triggers and constraints of `sql/` say in French."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint


def declare() -> None:
    """Declare each name that the app's SQL raises. Called from `AppConfig.ready()`."""
    declare_constraint(
        "facturation_invoice_lines",
        _("Les lignes de la facture ne font pas son total."),
        "invoice-lines-differ",
    )
    declare_constraint(
        "facturation_sequence_step",
        _("La numérotation des factures ne peut qu’avancer de un."),
        "invoice-number-gap",
    )
    declare_constraint(
        "facturation_country_unknown",
        _("Aucune règle de TVA n’est connue pour ce pays : un établissement n’y pourrait rien facturer."),
        "country-unknown",
        "country",
    )
    declare_constraint(
        "facturation_number_carried",
        _("Un numéro de facture ne se prend qu’avec la facture qui le porte."),
        "invoice-number-unused",
    )
    declare_constraint(
        "facturation_number_year",
        _(
            "Une année dont la suivante a ses factures n’en numérote plus, sauf en reprise : vérifiez l’horloge du serveur."
        ),
        "clock-set-back",
    )
