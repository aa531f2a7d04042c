"""What the till's triggers say in French. Each name stands in `sql/30_caisse.sql` or `sql/31_session_caisse.sql`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint


def declare() -> None:
    """Give every refusal of the till's SQL its sentence. Called from `wiring.ready()`."""
    declare_constraint(
        "comptabilite_ligne_facture_figee",
        _("Cette facture est émise : ses lignes ne changent plus."),
        "document-issued",
    )
    declare_constraint(
        "comptabilite_facture_deja_rejetee",
        _("Une facture déjà rejetée ne se valide que par une personne."),
        "rejected-once",
    )
    declare_constraint(
        "comptabilite_facture_somme",
        _("Le montant de la facture n’est pas celui de ses lignes."),
        "invoice-does-not-add-up",
    )
    declare_constraint(
        "comptabilite_quittance_session_ouverte", _("La caisse n’est pas ouverte à ce caissier."), "till-closed"
    )
    declare_constraint(
        "comptabilite_session_fonds",
        _("Le fonds diffère du dernier comptage de la caisse : la différence se porte par un fait."),
        "float-not-booked",
        "fonds",
    )
    declare_constraint(
        "comptabilite_session_attendu",
        _("Le montant attendu est le fonds de caisse et les espèces reçues, rien d’autre."),
        "till-expected-differs",
    )
    declare_constraint(
        "comptabilite_session_ecart", _("L’écart de caisse se porte par son fait."), "till-difference-not-booked"
    )
    declare_constraint(
        "comptabilite_quittance_somme",
        _("Le total de la quittance n’est pas celui de ses paiements."),
        "receipt-does-not-add-up",
    )
    declare_constraint(
        "comptabilite_allocation_somme", _("Le paiement n’est pas entièrement alloué."), "allocation-does-not-add-up"
    )
    declare_constraint(
        "comptabilite_paiement_reference",
        _("Ce moyen de paiement demande sa référence, et elle seule."),
        "reference-required",
    )
    declare_constraint(
        "comptabilite_allocation_ligne", _("Une ligne ne reçoit pas plus que son montant."), "line-overpaid"
    )
    declare_constraint(
        "comptabilite_session_reprise",
        _("Une session sans comptage s’ouvre pendant sa reprise seulement."),
        "takeover-not-running",
    )
