"""Put a till into service: its own treasury sub-account, and the rules that lead there."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.facts import EXCEDENT, FONDS, MANQUANT, QUITTANCE, RETRAIT
from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.grand_livre.choices import Sens
from apps.comptabilite.grand_livre.models import CompteComptable, Journal, RegleImputation
from apps.comptabilite.grand_livre.services.ouvrir_sous_compte import ouvrir_sous_compte
from apps.comptabilite.grand_livre.services.resoudre_imputation import ajouter_regle
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError

COMPTE_CAISSES = "571"
JOURNAL = "CA"
# What moves cash in a till: (fact, role, means that the rule asks for, side of the till's account).
REGLES = (
    (QUITTANCE, "reglement", MoyenPaiement.ESPECES.value, Sens.DEBIT),
    (FONDS, "fonds", "", Sens.DEBIT),
    (RETRAIT, "fonds", "", Sens.CREDIT),
    (EXCEDENT, "caisse", "", Sens.DEBIT),
    (MANQUANT, "caisse", "", Sens.CREDIT),
)


@command
def creer_caisse(*, code: str, libelle: str, acteur: Acteur) -> Caisse:
    """Make the till `code`, its sub-account of 571 and its imputation rules, unless rules already name it.

    Raises BusinessError for an empty or taken code, and when 571 has no sub-account left to give.
    """
    caisse = Caisse(code=code.strip().upper(), libelle=libelle.strip())
    if not caisse.code or not caisse.libelle:
        raise BusinessError(_("Une caisse a un code et un libellé."), code="till-code-required", field="code")
    caisse.save(force_insert=True)
    presentes = set(RegleImputation.objects.filter(caisse=caisse.code).values_list("type_fait", "role"))
    manquantes = [regle for regle in REGLES if regle[:2] not in presentes]
    if manquantes:
        compte = _compte(caisse, acteur)
        journal = Journal.objects.get(code=JOURNAL)
        for type_fait, role, moyen, sens in manquantes:
            regle = RegleImputation(
                type_fait=type_fait,
                role=role,
                moyen=moyen,
                caisse=caisse.code,
                sens=sens,
                compte=compte,
                journal=journal,
            )
            ajouter_regle(regle=regle, acteur=acteur)
    record("caisse_creee", caisse, acteur, new={"code": caisse.code})
    return caisse


def _compte(caisse: Caisse, acteur: Acteur) -> CompteComptable:
    """Return the account that the till's rules already use, or a new one."""
    connue = RegleImputation.objects.filter(caisse=caisse.code).select_related("compte").first()
    if connue:
        return connue.compte
    pris = set(CompteComptable.objects.filter(numero__startswith=COMPTE_CAISSES).values_list("numero", flat=True))
    libre = next((numero for numero in _numeros() if numero not in pris), None)
    if libre is None:
        raise BusinessError(_("Le compte 571 n’a plus de sous-compte libre."), code="no-account-left")
    return ouvrir_sous_compte(parent=COMPTE_CAISSES, numero=libre, libelle=caisse.libelle, acteur=acteur)


def _numeros() -> Iterator[str]:
    """Yield the sub-accounts that the act leaves free: 5713 to 5719 (5712 is foreign currency), then 571001 to 571099."""
    yield from (f"{COMPTE_CAISSES}{rang}" for rang in range(3, 10))
    yield from (f"{COMPTE_CAISSES}{rang:03d}" for rang in range(1, 100))
