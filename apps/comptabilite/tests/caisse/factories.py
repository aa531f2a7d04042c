"""A hospital's counter for tests, made by the services that make it in life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.models import Caisse, FactureCaisse, SessionCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.hospital.models import Patient
from apps.hospital.services import enregistrer_patient, enregistrer_tarif
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import Acteur, takeover_actor
from apps.socle.scope import scope

TARIFS = (
    ("CONS-GEN", "Consultation générale", "CONSULTATION", 5000),
    ("LB-NFS", "Numération formule sanguine", "LABORATOIRE", 4500),
    ("LB-GE", "Goutte épaisse", "LABORATOIRE", 2000),
    ("LB-CRP", "Protéine C réactive", "LABORATOIRE", 6000),
    ("LB-VIH", "Sérologie VIH", "LABORATOIRE", 0),
    ("IM-ECH", "Échographie abdominale", "IMAGERIE", 18000),
    ("IM-SCA", "Scanner cérébral", "IMAGERIE", 85000),
    ("AU-CARN", "Carnet de santé", "AUTRE", 500),
)
REPRISE = takeover_actor("caisse papier")
DEBUT = date(2026, 1, 1)


@dataclass
class Guichet:
    """A tenant with tariffs, a patient, a cashier at an open till and an accountant."""

    tenant: Tenant
    caisse: Caisse
    caissiere: Acteur
    comptable: Acteur
    patient: Patient
    session: SessionCaisse


def installer_tarifs(acteur: Acteur = REPRISE) -> None:
    """Set the tariffs above, in the scope that is open."""
    for code, nom, type_recette, montant in TARIFS:
        enregistrer_tarif(
            code=code, nom=nom, type_recette=type_recette, montant=Decimal(montant), valide_du=DEBUT, acteur=acteur
        )


def make_guichet(tenant: Tenant, fonds: int = 50_000) -> Guichet:
    """Make a counter that can work at once; opens the tenant's scope itself."""
    with scope(tenant.id):
        installer_tarifs()
        caissiere = make_acteur(tenant, "caissier", last_name="Ngo Bassong")
        caisse = Caisse.objects.get(code="C1")
        return Guichet(
            tenant=tenant,
            caisse=caisse,
            caissiere=caissiere,
            comptable=make_acteur(tenant, "comptable", first_name="Rose", last_name="Tchoumi"),
            patient=enregistrer_patient(
                nom="Mbarga Nkoulou", prenom="Solange", telephone="677412093", acteur=caissiere
            ),
            session=ouvrir_session_caisse(caisse_id=caisse.id, fonds=Decimal(fonds), acteur=caissiere),
        )


def lignes(*codes: str | tuple[str, int | str] | tuple[str, int | str, int]) -> list[LigneSaisie]:
    """Lines from codes, with a quantity and a price where they are given."""
    saisies = []
    for code in codes:
        nom, quantite, prix = {1: (code, 1, None), 2: (*code, None), 3: code}[1 if isinstance(code, str) else len(code)]
        saisies.append(LigneSaisie(nom, Decimal(quantite), None if prix is None else Decimal(prix)))
    return saisies


def especes(montant: int | str, recu: int | None = None) -> PaiementSaisi:
    return PaiementSaisi(MoyenPaiement.ESPECES, Decimal(montant), recu=None if recu is None else Decimal(recu))


def mobile(montant: int, reference: str = "MT20261001000010", **autres: Any) -> PaiementSaisi:
    valeurs = {"operateur": "MTN", "payeur": "699938475", **autres}
    return PaiementSaisi(MoyenPaiement.MOBILE, Decimal(montant), reference=reference, **valeurs)


def carte(montant: int, reference: str = "TPE77936562", **autres: Any) -> PaiementSaisi:
    return PaiementSaisi(
        MoyenPaiement.CARTE, Decimal(montant), reference=reference, **{"carte": "0973", "terminal": "TERM-2", **autres}
    )


def cheque(montant: int, **autres: Any) -> PaiementSaisi:
    valeurs = {
        "reference": "5165159",
        "banque": "UBA",
        "titulaire": "Landry Oumarou",
        "date": date(2026, 10, 1),
        **autres,
    }
    return PaiementSaisi(MoyenPaiement.CHEQUE, Decimal(montant), **valeurs)


def virement(montant: int, **autres: Any) -> PaiementSaisi:
    valeurs = {"reference": "VIR20261000107", "banque": "Ecobank", "date": date(2026, 10, 1), **autres}
    return PaiementSaisi(MoyenPaiement.VIREMENT, Decimal(montant), **valeurs)


def make_facture(guichet: Guichet, *codes: Any, acteur: Acteur | None = None) -> FactureCaisse:
    """An invoice EN_ATTENTE by the cashier: consultation, blood count and thick film unless told otherwise."""
    with scope(guichet.tenant.id):
        return facturer_patient(
            patient_id=guichet.patient.id,
            lignes=lignes(*(codes or ("CONS-GEN", "LB-NFS", "LB-GE"))),
            acteur=acteur or guichet.caissiere,
        )
