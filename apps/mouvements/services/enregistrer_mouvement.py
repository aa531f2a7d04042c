"""Write a movement and let it settle those of the other direction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from apps.mouvements.choices import Sens, TypeMouvement
from apps.mouvements.locks import mouvements_ouverts
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.transitions import MOUVEMENT
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import insert_later, update_later

ZERO = Decimal(0)


@dataclass(frozen=True)
class MouvementAEcrire:
    """What a fact does to one third party. `piece_reglee` names the document that it settles first."""

    fait_id: uuid.UUID
    tiers_id: uuid.UUID
    type_mouvement: TypeMouvement
    sens: Sens
    montant: Decimal
    devise: str
    date_mouvement: datetime
    numero_piece: str
    reference_origine: str
    module_origine: str
    date_echeance: date | None = None
    methode_paiement: str = ""
    motif: str = ""
    piece_reglee: str = ""


@command
def enregistrer_mouvement(*, mouvement: MouvementAEcrire, acteur: Acteur) -> MouvementFinancier:
    """Write the movement, then match it with the open ones of the other direction.

    The document that it names is settled first, then the oldest; what finds nothing to settle stays
    open and settles what comes. The balance follows by trigger. Raises BusinessError for an amount
    of zero or less and for a fact that already has its movement on this third party.
    """
    ecrit = MouvementFinancier(
        tenant_id=require_scope(),
        tiers_id=mouvement.tiers_id,
        fait_id=mouvement.fait_id,
        type_mouvement=mouvement.type_mouvement,
        sens=mouvement.sens,
        montant=mouvement.montant,
        devise=mouvement.devise,
        date_mouvement=mouvement.date_mouvement,
        date_echeance=mouvement.date_echeance,
        methode_paiement=mouvement.methode_paiement,
        utilisateur_id=acteur.id,
        acteur_libelle=acteur.label,
        numero_piece_comptable=mouvement.numero_piece,
        motif=mouvement.motif,
        reference_origine=mouvement.reference_origine,
        module_origine=mouvement.module_origine,
    )
    insert_later(copy(ecrit))  # as it is born; what it settles follows
    ouverts = mouvements_ouverts(ecrit.tiers_id, ecrit.devise)
    regler(ecrit, a_regler(ouverts, ecrit, mouvement.piece_reglee), acteur)
    if ecrit.reste:
        ouverts.append(ecrit)
    return ecrit


def a_regler(
    ouverts: Iterable[MouvementFinancier], nouveau: MouvementFinancier, piece: str
) -> list[MouvementFinancier]:
    """Return those of `ouverts` that `nouveau` may settle: the document `piece` first, then the oldest."""
    autres = [ouvert for ouvert in ouverts if ouvert.sens != nouveau.sens and ouvert.reste]
    return sorted(autres, key=lambda m: (not piece or m.numero_piece_comptable != piece, m.date_mouvement, m.pk))


def regler(nouveau: MouvementFinancier, ouverts: Iterable[MouvementFinancier], acteur: Acteur) -> None:
    """Match `nouveau` with `ouverts`, in their order, and store what changed."""
    for ouvert in ouverts:
        part = min(nouveau.reste, ouvert.reste)
        if part == ZERO:
            break
        for mouvement in (nouveau, ouvert):
            _imputer(mouvement, part, acteur)
            update_later(mouvement, "montant_regle", "statut", "date_modification")


def _imputer(mouvement: MouvementFinancier, part: Decimal, acteur: Acteur) -> None:
    mouvement.montant_regle += part
    mouvement.date_modification = now()
    etape = "entamer" if mouvement.reste else "solder"
    if mouvement.statut != MOUVEMENT[etape].target:
        mouvement.statut = MOUVEMENT.check(etape, mouvement, acteur).target
