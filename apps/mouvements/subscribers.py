"""What the third party's account hears: an invoice adds to what is owed, a receipt takes off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from apps.mouvements.choices import Sens, TypeMouvement
from apps.mouvements.services.enregistrer_mouvement import MouvementAEcrire, enregistrer_mouvement
from apps.organisations.selectors import current_tenant
from apps.socle.errors import Text
from apps.socle.facts import PublishedFact


@dataclass(frozen=True)
class Effet:
    """What a fact does to the account: the role that counts, its direction and its type."""

    role: str
    sens: Sens
    type_mouvement: TypeMouvement
    motif: Text


EFFETS = {
    "invoice_issued": Effet("creance", Sens.DEBIT, TypeMouvement.CREANCE, _("Facture")),
    "quittance_emise": Effet("creance_reglee", Sens.CREDIT, TypeMouvement.RECOUVREMENT_CREANCE, _("Règlement")),
}


def sur_fait(fait: PublishedFact) -> None:
    """Write the movement of `fait`; a fact of zero or without third party has none."""
    effet = EFFETS.get(fait.type)
    if effet is None or fait.tiers_id is None:
        return
    montant = sum((ligne.amount for ligne in fait.lines if ligne.role == effet.role), Decimal(0))
    if montant:
        enregistrer_mouvement(mouvement=_mouvement(fait, effet, montant), acteur=fait.acteur)


def _mouvement(fait: PublishedFact, effet: Effet, montant: Decimal) -> MouvementAEcrire:
    moyens = dict.fromkeys(ligne.criteria["moyen"] for ligne in fait.lines if "moyen" in ligne.criteria)
    return MouvementAEcrire(
        fait_id=fait.id,
        tiers_id=fait.tiers_id,
        type_mouvement=effet.type_mouvement,
        sens=effet.sens,
        montant=montant,
        devise=fait.currency,
        date_mouvement=_moment(fait),
        date_echeance=_echeance(fait),
        methode_paiement=", ".join(moyens),
        numero_piece=fait.number,
        motif=f"{effet.motif} {fait.number}",
        reference_origine=str(fait.source_id),
        module_origine=fait.source_type,
        piece_reglee=_piece_reglee(fait),
    )


def _moment(fait: PublishedFact) -> datetime:
    """The business day of the fact, at the hour at which it was written: a takeover keeps its order within a day."""
    fuseau = ZoneInfo(current_tenant().time_zone)
    return datetime.combine(fait.date, fait.created_at.astimezone(fuseau).timetz())


def _echeance(fait: PublishedFact) -> date | None:
    texte = fait.snapshot.get("document", {}).get("due_date")
    return date.fromisoformat(texte) if texte else None


def _piece_reglee(fait: PublishedFact) -> str:
    """The number of the invoice that a receipt pays, as its snapshot names it; empty when it names none."""
    return str(fait.snapshot.get("facture", {}).get("numero", ""))
