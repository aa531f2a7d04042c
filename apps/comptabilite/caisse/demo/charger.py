"""The demonstration: two hospitals, the first with three real days that end yesterday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from apps.comptabilite.caisse.choices import MoyenPaiement
from apps.comptabilite.caisse.demo.comptes import Compte, assurer_comptes, ecrire_comptes, lire_comptes
from apps.comptabilite.caisse.demo.etablissements import SAINT_LUC, SAINTE_ODILE, Etablissement
from apps.comptabilite.caisse.demo.reprise import FONDS, decaler, lire_trois_jours, reprendre
from apps.comptabilite.caisse.models import Caisse, FactureCaisse
from apps.comptabilite.caisse.reprise.execution import REPRISE
from apps.comptabilite.caisse.reprise.lecture import Lecture
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.hospital.models import HospitalActTarif, Patient
from apps.hospital.services import enregistrer_patient, enregistrer_tarif
from apps.organisations.models import Tenant, User
from apps.organisations.services.create_tenant import create_tenant
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.clock import local_date
from apps.socle.idempotency import run_once
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope

FUSEAU = "Africa/Douala"
Dire = Callable[[str], None]
TARIFS_CLINIQUE = (("CONS-GEN", "Consultation générale", 7500), ("CONS-SPE", "Consultation spécialiste", 15_000))
# What the accountant finds in the queue: an act, the price asked, and why it is not the tariff's.
REMISES = (("IM-SCA", 80_000, "Remise accordée par le service social"), ("CONS-SPE", 10_000, "Personnel de l’hôpital"))


def charger(dossier: Path, dire: Dire = lambda texte: None) -> list[Compte]:
    """Make what is missing of the demonstration and write its accounts into `dossier`; a second call adds nothing."""
    lecture = lire_trois_jours()
    connus = lire_comptes(dossier)
    hopital = _etablissement(SAINTE_ODILE, _premier_jour(lecture))
    comptes = assurer_comptes(SAINTE_ODILE, hopital, connus)
    clinique = _etablissement(SAINT_LUC, local_date(FUSEAU))
    comptes += assurer_comptes(SAINT_LUC, clinique, connus)
    ecrire_comptes(dossier, comptes)
    _reprendre(hopital, lecture, dire)
    _file_d_attente(hopital)
    _petite_clinique(clinique)
    return comptes


def _jours(lecture: Lecture) -> list[date]:
    return [ligne.jour for lignes in lecture.recettes.values() for ligne in lignes]


def _premier_jour(lecture: Lecture) -> date:
    """Return the day on which the takeover begins, so that it ends yesterday."""
    jours = _jours(lecture)
    return local_date(FUSEAU) - timedelta(days=1) - (max(jours) - min(jours))


def _etablissement(etablissement: Etablissement, premier_jour: date) -> Tenant:
    connu = TenantRegistry.objects.filter(slug=etablissement.slug).first()
    if connu is None:
        tenant = create_tenant(wanted=etablissement.a_creer(premier_jour), acteur=SYSTEM)
    else:
        with scope(connu.tenant_id):
            tenant = Tenant.objects.get(pk=connu.tenant_id)
    with scope(tenant.id):
        for code in etablissement.caisses:
            if not Caisse.objects.filter(code=code).exists():
                creer_caisse(code=code, libelle=f"Caisse {code}", acteur=SYSTEM)
    return tenant


def _reprendre(tenant: Tenant, lecture: Lecture, dire: Dire) -> None:
    """Take the paper over, at the dates of the first attempt when one was cut off."""
    with scope(tenant.id):
        commence = HospitalActTarif.objects.order_by("valide_du").values_list("valide_du", flat=True).first()
    decalage = (commence or _premier_jour(lecture)) - min(_jours(lecture))
    reprendre(tenant, decaler(lecture, decalage), dire)


def _personne(tenant: Tenant, identifiant: str) -> Acteur:
    user = User.objects.get(username=f"{identifiant}@{tenant.slug}")
    return Acteur(ActorKind.USER, user.pk, user.full_name, role="caissier")


def _file_d_attente(tenant: Tenant) -> None:
    """Two invoices of today whose price a person must accept."""
    with scope(tenant.id):
        amina = _personne(tenant, "amina.caisse")
        for patient, (code, prix, motif) in zip(Patient.objects.order_by("numero"), REMISES, strict=False):
            facturer = partial(
                facturer_patient,
                patient_id=patient.id,
                lignes=[LigneSaisie(code, prix=Decimal(prix))],
                acteur=amina,
                motif=motif,
            )
            _une_fois(f"remise:{code}", facturer)


def _une_fois(cle: str, faire: Callable[[], FactureCaisse]) -> None:
    run_once(key=cle, route="demo", acteur=REPRISE, body={}, function=lambda: faire().id)


def _petite_clinique(tenant: Tenant) -> None:
    """A second hospital that works too: two tariffs, a till open, one sale of today."""
    with scope(tenant.id):
        _une_fois("clinique", partial(_premiere_vente, _personne(tenant, "lea.caisse")))


def _premiere_vente(lea: Acteur) -> FactureCaisse:
    for code, nom, montant in TARIFS_CLINIQUE:
        enregistrer_tarif(
            code=code,
            nom=nom,
            type_recette="CONSULTATION",
            montant=Decimal(montant),
            valide_du=local_date(FUSEAU),
            acteur=SYSTEM,
        )
    patient = enregistrer_patient(nom="Onana", prenom="Blaise", telephone="677001122", acteur=lea)
    ouvrir_session_caisse(caisse_id=Caisse.objects.get(code="C1").id, fonds=FONDS, acteur=lea)
    especes = PaiementSaisi(MoyenPaiement.ESPECES, Decimal(7500), recu=Decimal(10_000))
    return vendre_au_comptant(
        patient_id=patient.id, lignes=[LigneSaisie("CONS-GEN")], paiements=[especes], acteur=lea
    ).facture
