"""Posting a fact: rules, one SQL call, or a pending imputation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.comptabilite.grand_livre.constraints import PERIODE_CLOSE
from apps.comptabilite.grand_livre.imputation import (
    EcritureImputee,
    Imputation,
    LigneDeFait,
    LigneImputee,
    Manque,
    MotifAttente,
    Regle,
    imputer,
)
from apps.comptabilite.grand_livre.models import CompteComptable, ImputationEnAttente, Periode, RegleImputation
from apps.socle.errors import BusinessError
from apps.socle.facts import PublishedFact
from apps.socle.fields import uuid7
from apps.socle.money import plain
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import collect, once

LONGUEUR_LIBELLE = 255
_COMPTABILISER = """
select comptabilite_comptabiliser(%s, (f.poste->>'fait')::uuid, f.poste->'ecritures')
from jsonb_array_elements(%s::jsonb) with ordinality as f(poste, rang) order by f.rang
"""


def imputer_fait(fait: PublishedFact) -> Imputation:
    """Accounts and journals of `fait` by the rules in force on its date, or what is missing.

    Without a period on that day nothing is imputed: the accountant opens the exercise first. Raises BusinessError
    where that period is closed, naming it and who closed it; the tables refuse it again.
    """
    periode = once(("period", fait.date), lambda: _periode_du(fait.date))
    if periode is not None and not periode.est_ouverte:
        raise BusinessError(
            PERIODE_CLOSE % {"code": periode.code, "qui": periode.fermee_par or "—"}, code="period-closed", field="date"
        )
    if periode is None:
        return Imputation(manques=(Manque(MotifAttente.SANS_PERIODE),))
    lignes = [LigneDeFait(ligne.role, ligne.amount, ligne.label, ligne.criteria) for ligne in fait.lines]
    return imputer(fait.type, fait.date, lignes, _regles_connues(fait.type, fait.date))


def _periode_du(jour: date) -> Periode | None:
    return Periode.objects.filter(debut__lte=jour, fin__gte=jour).first()


def _regles_connues(type_fait: str, jour: date) -> list[Regle]:
    return once(("rules", type_fait, jour), lambda: regles_du(type_fait, jour))


def regles_du(type_fait: str, jour: date) -> list[Regle]:
    """The rules of a kind of fact that hold on `jour`."""
    valables = RegleImputation.objects.filter(type_fait=type_fait).filter(
        Q(valide_du=None) | Q(valide_du__lte=jour), Q(valide_au=None) | Q(valide_au__gte=jour)
    )
    return [regle.en_regle() for regle in valables.select_related("compte", "journal")]


def poster(fait: PublishedFact, ecritures: Iterable[EcritureImputee]) -> list[UUID]:
    """Write the entries of `fait`, A_VALIDER and without number, in one call at the end of the command; return their ids.

    The database takes date, document, currency and author from the stored fact, and refuses lines
    that are not the fact's. Raises IntegrityError, which the command turns into a sentence: closed
    period, account that receives no entry, fact already posted.
    """
    imputees = list(ecritures)
    collectifs = (
        _collectifs({ligne.compte for ecriture in imputees for ligne in ecriture.lignes}) if fait.tiers_id else set()
    )
    documents = [_document(fait, ecriture, collectifs) for ecriture in imputees]
    collect("accounting entries", {"fait": str(fait.id), "ecritures": documents}, _comptabiliser)
    return [UUID(document["id"]) for document in documents]


def _comptabiliser(postes: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COMPTABILISER, [require_scope(), json.dumps(postes)])


def _collectifs(comptes: set[UUID]) -> set[UUID]:
    """Those of `comptes` whose lines carry the third party."""
    return comptes & once(("control accounts",), _tous_les_collectifs)


def _tous_les_collectifs() -> set[UUID]:
    return set(CompteComptable.objects.filter(collectif=True).values_list("id", flat=True))


def _document(fait: PublishedFact, ecriture: EcritureImputee, collectifs: set[UUID]) -> dict[str, Any]:
    libelle = f"{fait.declaration.label} {fait.number}".strip()[:LONGUEUR_LIBELLE]
    return {
        "id": str(uuid7()),
        "journal": str(ecriture.journal),
        "libelle": libelle,
        "lignes": [
            _ligne(ordre, ligne, libelle, fait.tiers_id if ligne.compte in collectifs else None)
            for ordre, ligne in enumerate(ecriture.lignes)
        ],
    }


def _ligne(ordre: int, ligne: LigneImputee, libelle: str, tiers_id: UUID | None) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "ordre": ordre,
        "compte": str(ligne.compte),
        "tiers": str(tiers_id) if tiers_id else None,
        "libelle": (ligne.libelle or libelle)[:LONGUEUR_LIBELLE],
        "debit": plain(ligne.debit),
        "credit": plain(ligne.credit),
        "regle": str(ligne.regle),
    }


def mettre_en_attente(fait: PublishedFact, manques: Iterable[Manque]) -> ImputationEnAttente:
    """Keep `fait` for the accountant, with what stopped it. Raises IntegrityError in a closed period."""
    liste = list(manques)
    attente = ImputationEnAttente(
        fait_id=fait.id,
        date_fait=fait.date,
        motif=liste[0].motif.value,
        manques=[_manque(manque) for manque in liste],
        devise=fait.currency,
        montant=_montant(fait),
    )
    attente.save(force_insert=True)
    return attente


def _manque(manque: Manque) -> dict[str, Any]:
    return {
        "motif": manque.motif.value,
        "role": manque.role,
        "criteres": dict(manque.criteres),
        "montant": plain(manque.montant),
        "journal": str(manque.journal) if manque.journal else None,
    }


def _montant(fait: PublishedFact) -> Decimal:
    """The largest of the sums by role: what the document comes to, whichever side each role takes."""
    sommes: dict[str, Decimal] = {}
    for ligne in fait.lines:
        sommes[ligne.role] = sommes.get(ligne.role, Decimal(0)) + ligne.amount
    return max(sommes.values(), default=Decimal(0))
