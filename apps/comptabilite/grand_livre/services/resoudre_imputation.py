"""What the accountant does about a fact that waited: add a rule, then post it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from apps.comptabilite.grand_livre import locks
from apps.comptabilite.grand_livre.imputation import Manque, MotifAttente
from apps.comptabilite.grand_livre.models import ImputationEnAttente, RegleImputation
from apps.comptabilite.grand_livre.services.comptabiliser import imputer_fait, poster
from apps.comptabilite.grand_livre.transitions import ATTENTE, RESOLUE
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import BusinessError, NotAllowed
from apps.socle.facts import load, role_label


@dataclass(frozen=True)
class Resolution:
    """How many facts were posted, and how many still wait."""

    comptabilisees: int
    restantes: int


@command
def ajouter_regle(*, regle: RegleImputation, acteur: Acteur) -> RegleImputation:
    """Save a new imputation rule. Raises BusinessError when another of the same key holds on one of its days."""
    regle.cree_par = acteur.label
    regle.save(force_insert=True)
    new = {"fait": regle.type_fait, "role": regle.role, **regle.criteres, "compte": regle.compte.numero}
    record("regle_imputation_ajoutee", regle, acteur, new=new)
    return regle


@command
def resoudre_imputation(*, attente_id: UUID, acteur: Acteur) -> list[UUID]:
    """Post the fact of a pending imputation by today's rules; return its entries' ids.

    The entries keep the fact's date and actor; the accountant is named on the imputation. Raises
    Conflict when it is already resolved, BusinessError when rules are still missing, and
    ImputationEnAttente.DoesNotExist.
    """
    attente = locks.attente(attente_id)
    _verifier(attente, acteur)
    manques, ecritures = _tenter(attente, acteur)
    if manques:
        raise BusinessError(_raison(manques), code="imputation-still-missing")
    return ecritures


@command
def resoudre_imputations(*, acteur: Acteur) -> Resolution:
    """Try every pending imputation again, oldest first: one new rule often frees many."""
    attentes = locks.attentes_ouvertes()
    faites = 0
    for attente in attentes:
        _verifier(attente, acteur)
        manques, _ecritures = _tenter(attente, acteur)
        faites += not manques
    return Resolution(faites, len(attentes) - faites)


def _verifier(attente: ImputationEnAttente, acteur: Acteur) -> None:
    if not acteur.is_person:
        raise NotAllowed(_("Une imputation en attente se résout par une personne."), code="person-required")
    ATTENTE.check("resoudre", attente, acteur, already=lambda: _deja(attente))


def _deja(attente: ImputationEnAttente) -> str:
    personne = attente.resolue_par
    return _("Cette imputation est déjà résolue par %s.") % (personne.full_name if personne else "")


def _tenter(attente: ImputationEnAttente, acteur: Acteur) -> tuple[tuple[Manque, ...], list[UUID]]:
    fait = load(attente.fait_id)
    imputation = imputer_fait(fait)
    if imputation.manques:
        return imputation.manques, []
    ids = poster(fait, imputation.ecritures)
    attente.statut = RESOLUE
    attente.resolue_le = now()
    attente.resolue_par_id = acteur.id
    attente.save(update_fields=["statut", "resolue_le", "resolue_par"])
    record("imputation_resolue", attente, acteur, new={"fait": fait.number, "ecritures": [str(pk) for pk in ids]})
    return (), ids


def _raison(manques: tuple[Manque, ...]) -> str:
    premier = manques[0]
    if premier.motif is MotifAttente.SANS_PERIODE:
        return _("Aucune période comptable n’est ouverte à cette date : ouvrez l’exercice.")
    if premier.motif is MotifAttente.DESEQUILIBRE:
        return _("Les règles ne donnent pas une écriture équilibrée : vérifiez les journaux.")
    if all(manque.motif is MotifAttente.COMPTE_FERME for manque in manques):
        return _(
            "Le compte ou le journal d’une règle ne reçoit plus d’écritures : remplacez la règle ou rouvrez le compte."
        )
    roles = ", ".join(
        dict.fromkeys(role_label(manque.role) for manque in manques if manque.motif is MotifAttente.SANS_REGLE)
    )
    return _("Il manque une règle pour : %s.") % roles
