"""What each means of payment must say, checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.comptabilite.caisse.carte import masquer, refuser_numero_de_carte
from apps.comptabilite.caisse.choices import MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.contexte import controler_montant
from apps.comptabilite.caisse.models import (
    Cheque,
    PaiementCarte,
    PaiementMobile,
    PaiementQuittance,
    Virement,
)
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.hospital.models import Patient
from apps.socle.errors import BusinessError
from apps.socle.money import format_amount
from apps.socle.unit_of_work import insert_later

PAIEMENTS_MAXIMUM = 20
MIDI = time(12)  # a cheque bears a day; noon is that day everywhere the house works
# means: the fields that it demands and their names in French
EXIGES = {
    MoyenPaiement.ESPECES.value: {},
    MoyenPaiement.CHEQUE.value: {
        "reference": gettext_lazy("le numéro du chèque"),
        "banque": gettext_lazy("la banque"),
        "titulaire": gettext_lazy("le titulaire"),
        "date": gettext_lazy("la date d’émission"),
    },
    MoyenPaiement.VIREMENT.value: {
        "reference": gettext_lazy("la référence du virement"),
        "banque": gettext_lazy("la banque"),
        "date": gettext_lazy("la date du virement"),
    },
    MoyenPaiement.CARTE.value: {
        "reference": gettext_lazy("la référence de la transaction"),
        "carte": gettext_lazy("les quatre derniers chiffres de la carte"),
    },
    MoyenPaiement.MOBILE.value: {
        "reference": gettext_lazy("la référence du paiement"),
        "operateur": gettext_lazy("l’opérateur"),
        "payeur": gettext_lazy("le numéro du payeur"),
    },
}
LONGUEURS = {"reference": 50, "banque": 100, "titulaire": 200, "compte_source": 50, "terminal": 50, "payeur": 20}
TEXTES = tuple(champ.name for champ in fields(PaiementSaisi) if champ.name not in {"moyen", "montant", "recu", "date"})


def champ_de(rang: int, nom: str) -> str:
    """Return the name of the input `nom` of the payment numbered `rang`, from 0: what a refusal stands beside."""
    return f"paiements-{rang}-{nom}"


def controler_paiements(paiements: Sequence[PaiementSaisi], devise: str) -> None:
    """Raise BusinessError, beside its input, for the first payment that cannot be."""
    if not paiements:
        raise BusinessError(_("Ajoutez au moins un paiement."), code="no-payments", field="paiements")
    if len(paiements) > PAIEMENTS_MAXIMUM:
        message = _("Une quittance porte au plus %d paiements.") % PAIEMENTS_MAXIMUM
        raise BusinessError(message, code="too-many-payments", field="paiements")
    for rang, paiement in enumerate(paiements):
        _controler(paiement, rang, devise)


def _controler(paiement: PaiementSaisi, rang: int, devise: str) -> None:
    if paiement.moyen not in EXIGES:
        raise BusinessError(
            _("Ce moyen de paiement n’existe pas."), code="unknown-means", field=champ_de(rang, "moyen")
        )
    controler_montant(paiement.montant, devise, champ_de(rang, "montant"))
    if not paiement.montant:
        message = _("Un paiement porte un montant supérieur à zéro.")
        raise BusinessError(message, code="amount-required", field=champ_de(rang, "montant"))
    refuser_numero_de_carte(**{champ_de(rang, nom): getattr(paiement, nom) for nom in TEXTES})
    _controler_especes(paiement, rang, devise)
    _controler_references(paiement, rang)


def _controler_especes(paiement: PaiementSaisi, rang: int, devise: str) -> None:
    champ = champ_de(rang, "recu")
    if paiement.recu is None:
        return
    if paiement.moyen != MoyenPaiement.ESPECES:
        raise BusinessError(_("On ne rend la monnaie que sur des espèces."), code="change-only-on-cash", field=champ)
    controler_montant(paiement.recu, devise, champ)
    if paiement.recu < paiement.montant:
        message = _("Il manque %s.") % format_amount(paiement.montant - paiement.recu, devise)
        raise BusinessError(message, code="cash-too-little", field=champ)


def _controler_references(paiement: PaiementSaisi, rang: int) -> None:
    for nom, dit in EXIGES[paiement.moyen].items():
        valeur = getattr(paiement, nom)
        if not (valeur.strip() if isinstance(valeur, str) else valeur):
            raise BusinessError(_("Indiquez %s.") % dit, code="reference-required", field=champ_de(rang, nom))
    for nom, longueur in LONGUEURS.items():
        if len(getattr(paiement, nom)) > longueur:
            raise BusinessError(_("%d caractères au plus.") % longueur, code="too-long", field=champ_de(rang, nom))
    if paiement.moyen == MoyenPaiement.CARTE:
        masquer(paiement.carte, champ_de(rang, "carte"))
    if paiement.moyen == MoyenPaiement.MOBILE and paiement.operateur not in OperateurMobile.values:
        raise BusinessError(
            _("Cet opérateur n’existe pas."), code="unknown-operator", field=champ_de(rang, "operateur")
        )


def enregistrer_paiement(paiement: PaiementQuittance, saisi: PaiementSaisi, patient: Patient, fuseau: str) -> None:
    """Write one payment, already checked, and the row that carries its reference; `fuseau` dates a cheque."""
    if saisi.moyen == MoyenPaiement.ESPECES:
        paiement.recu = saisi.montant if saisi.recu is None else saisi.recu
        paiement.rendu = paiement.recu - saisi.montant
    insert_later(paiement)
    reference = _reference(paiement, saisi, patient, ZoneInfo(fuseau))
    if reference is not None:
        reference.tenant_id = paiement.tenant_id
        insert_later(reference)


def _reference(
    paiement: PaiementQuittance, saisi: PaiementSaisi, patient: Patient, zone: ZoneInfo
) -> Cheque | Virement | PaiementCarte | PaiementMobile | None:
    reference = saisi.reference.strip()
    if saisi.moyen == MoyenPaiement.CHEQUE:
        return Cheque(
            paiement=paiement,
            numero_cheque_externe=reference,
            date_emission=datetime.combine(saisi.date, MIDI, tzinfo=zone) if saisi.date else None,
            nom_banque=saisi.banque.strip(),
            nom_titulaire=saisi.titulaire.strip(),
            patient=patient,
        )
    if saisi.moyen == MoyenPaiement.VIREMENT:
        return Virement(
            paiement=paiement,
            reference_virement=reference,
            banque_emettrice=saisi.banque.strip(),
            date_virement=saisi.date,
            compte_source=saisi.compte_source.strip(),
        )
    if saisi.moyen == MoyenPaiement.CARTE:
        return PaiementCarte(
            paiement=paiement,
            numero_carte_masque=masquer(saisi.carte, "carte"),
            reference_transaction=reference,
            terminal_id=saisi.terminal.strip(),
        )
    if saisi.moyen == MoyenPaiement.MOBILE:
        return PaiementMobile(
            paiement=paiement,
            operateur=saisi.operateur,
            numero_payant=saisi.payeur.strip(),
            reference_transaction=reference,
        )
    return None


def somme(paiements: Sequence[PaiementSaisi]) -> Decimal:
    """Return what `paiements` add up to."""
    return sum((paiement.montant for paiement in paiements), Decimal(0))
