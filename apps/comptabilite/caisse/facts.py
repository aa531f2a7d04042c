"""What the till publishes: receipts, floats and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.models import PaiementQuittance, Quittance, SessionCaisse
from apps.organisations.models import Tiers
from apps.socle.actors import Acteur
from apps.socle.facts import FactDeclaration, FactLine, FactToPublish, declare_fact, name_criteria, name_roles
from apps.socle.language import document_language
from apps.socle.money import plain

QUITTANCE = "quittance_emise"
FONDS, RETRAIT = "fonds_de_caisse", "retrait_de_caisse"
EXCEDENT, MANQUANT = "excedent_de_caisse", "manquant_de_caisse"

# fact: (label, role debited, role credited); a till's own side carries its code as criterion
MOUVEMENTS_DE_CAISSE = {
    FONDS: (_("Fonds de caisse"), "fonds", "provenance"),
    RETRAIT: (_("Retrait de caisse"), "destination", "fonds"),
    EXCEDENT: (_("Excédent de caisse"), "caisse", "ecart"),
    MANQUANT: (_("Manquant de caisse"), "ecart", "caisse"),
}
ROLES = {
    "reglement": pgettext_lazy("rôle d’un fait", "règlement"),
    "creance_reglee": pgettext_lazy("rôle d’un fait", "créance réglée"),
    "fonds": pgettext_lazy("rôle d’un fait", "fonds de caisse"),
    "provenance": pgettext_lazy("rôle d’un fait", "provenance"),
    "destination": pgettext_lazy("rôle d’un fait", "destination"),
    "caisse": pgettext_lazy("rôle d’un fait", "caisse"),
    "ecart": pgettext_lazy("rôle d’un fait", "écart"),
}


def declare() -> None:
    """Register the till's facts and the words of their roles. Called from `wiring.ready()`."""
    name_roles(ROLES)
    name_criteria("moyen", {moyen.value: moyen.label for moyen in MoyenPaiement})
    declare_fact(
        FactDeclaration(
            type=QUITTANCE,
            label=_("Quittance émise"),
            source="comptabilite.Quittance",
            entry_type="payment",
            legal_status="donnee_fiscale",
            roles=("reglement", "creance_reglee"),
            totals={"reglement": "collected"},
        )
    )
    for type_fait, (label, debit, credit) in MOUVEMENTS_DE_CAISSE.items():
        declare_fact(
            FactDeclaration(
                type=type_fait,
                label=label,
                source="comptabilite.SessionCaisse",
                entry_type="adjustment",
                legal_status="donnee_comptable",
                roles=(debit, credit),
            )
        )


@document_language()
def fait_quittance(
    quittance: Quittance,
    paiements: Sequence[PaiementQuittance],
    tiers: Tiers,
    jour: date,
    donnees: Mapping[str, Any],
    acteur: Acteur,
) -> FactToPublish:
    """Return the fact of a receipt: for each payment, treasury debited and claim credited under the same criteria."""
    lignes = []
    for paiement in paiements:
        criteres = criteres_du_paiement(paiement, quittance.session_caisse)
        libelle = f"{quittance.numero_quittance} {paiement.get_moyen_display()}"
        lignes += [FactLine(role, paiement.montant, libelle, criteres) for role in ("reglement", "creance_reglee")]
    return FactToPublish(
        type=QUITTANCE,
        source=quittance,
        number=quittance.numero_quittance,
        date=jour,
        currency=quittance.devise,
        lines=tuple(lignes),
        acteur=acteur,
        key=f"{QUITTANCE}:{quittance.id}",
        snapshot=donnees,
        tiers_id=tiers.id,
        tiers_label=tiers.nom,
    )


def criteres_du_paiement(paiement: PaiementQuittance, session: SessionCaisse) -> dict[str, str]:
    """Return what imputation rules may match: the means, the till, and the operator of a mobile payment."""
    criteres = {"moyen": paiement.moyen, "caisse": session.caisse.code}
    if paiement.moyen == MoyenPaiement.MOBILE:
        criteres["operateur"] = paiement.mobile.operateur
    return criteres


@document_language()
def fait_de_caisse(
    type_fait: str, session: SessionCaisse, montant: Decimal, jour: date, acteur: Acteur, piece: str
) -> FactToPublish:
    """Return the fact of cash that enters or leaves a till otherwise than by a receipt; `montant` > 0.

    `piece` names the session, which a till may have several of in a day.
    """
    label, debit, credit = MOUVEMENTS_DE_CAISSE[type_fait]
    caisse = session.caisse
    criteres = {"caisse": caisse.code, "moyen": MoyenPaiement.ESPECES.value}
    libelle = f"{label} {caisse.code}"
    return FactToPublish(
        type=type_fait,
        source=session,
        number=piece,
        date=jour,
        currency=session.devise,
        lines=(FactLine(debit, montant, libelle, criteres), FactLine(credit, montant, libelle, criteres)),
        acteur=acteur,
        key=f"{type_fait}:{session.id}",
        snapshot={
            "version": 1,
            "caisse": caisse.code,
            "caissier": session.caissier.full_name,
            "ouverte_le": session.ouverte_le.isoformat(),
            "fermee_le": session.fermee_le.isoformat() if session.fermee_le else None,
            "fonds": plain(session.fonds),
            "attendu": None if session.attendu is None else plain(session.attendu),
            "compte": None if session.compte is None else plain(session.compte),
            "montant": plain(montant),
            "motif": session.motif_ecart,
        },
    )
