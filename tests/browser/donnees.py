"""Data that a screen bears badly: long names, twelve digits, every state; and a hospital where nothing happened."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente
from apps.comptabilite.tests.caisse.factories import carte, especes, lignes, mobile, virement
from apps.facturation.models import Invoice
from apps.fiscal.services.check_chain import check_chain
from apps.hospital.models import HospitalExamTarif
from apps.hospital.services import enregistrer_patient, enregistrer_tarif
from apps.mouvements.models import MouvementFinancier
from apps.organisations.tests.factories import acteur_of
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date
from apps.socle.scope import scope
from tests.browser.conftest import Hopital

NOM, PRENOM = "Tchatchoua Ngassa Mbarga-Nkoulou Épse Eyenga Manga", "Marie-Thérèse Emmanuelle Providence"
ACTE = "Échographie Doppler des troncs supra-aortiques avec reconstruction tridimensionnelle"
DOUZE_CHIFFRES = Decimal(987_654_321_098)
MOTIF = "Le tarif appliqué n’est pas celui de la convention : revoir la ligne avec le service d’imagerie, merci."


def remplir(hopital: Hopital) -> dict[str, tuple[Any, ...]]:
    """Fill the hospital and return what each address needs."""
    tenant = hopital.tenant
    amina, rose = acteur_of(hopital.caissiere, tenant), acteur_of(hopital.comptable, tenant)
    with scope(tenant.id):
        enregistrer_tarif(
            code="IM-DOPPLER-TSA", nom=ACTE, type_recette="IMAGERIE", montant=DOUZE_CHIFFRES,
            valide_du=local_date(tenant.time_zone) - timedelta(days=30), acteur=SYSTEM,
        )  # fmt: skip
        patiente = enregistrer_patient(nom=NOM, prenom=PRENOM, telephone="677412093", acteur=amina)
        c1 = Caisse.objects.get(code="C1")
        premiere = ouvrir_session_caisse(caisse_id=c1.id, fonds=Decimal(50_000), acteur=amina)
        fermer_session_caisse(session_caisse_id=premiere.id, compte=Decimal(49_000), motif_ecart=MOTIF, acteur=amina)
        ouvrir_session_caisse(caisse_id=c1.id, fonds=Decimal(50_000), acteur=amina)

        def facture(*codes: Any) -> Any:
            return facturer_patient(patient_id=patiente.id, lignes=lignes(*codes), acteur=amina)

        attend, rejetee, validee = facture(("IM-DOPPLER-TSA", 1, 1)), facture(("CONS-GEN", 3, 1)), facture("LB-NFS")
        corriger_facture(facture_id=attend.id, lignes=lignes(("IM-DOPPLER-TSA", 1, 987_654_321_000)), acteur=amina)
        rejeter_facture(facture_id=rejetee.id, commentaire=MOTIF, acteur=rose)
        valider_facture(facture_id=validee.id, acteur=rose)
        payee = facture("IM-DOPPLER-TSA", "CONS-GEN")
        paiements = [especes(DOUZE_CHIFFRES - 20_000), mobile(10_000), carte(10_000), virement(4000)]
        quittance = encaisser_facture(facture_id=payee.id, paiements=paiements, acteur=amina)
        reimprimer_quittance(quittance_id=quittance.id, acteur=rose)
        check_chain(acteur=rose)
        payee.refresh_from_db()
        tarif, invoice = HospitalExamTarif.objects.get(code="IM-DOPPLER-TSA"), Invoice.objects.get(pk=payee.invoice_id)
        attente = ImputationEnAttente.objects.first()
        return {
            "caisse:facture": (attend.id,), "caisse:corriger": (rejetee.id,), "caisse:encaisser_facture": (validee.id,),
            "caisse:quittance": (quittance.id,), "caisse:une_session": (premiere.id,), "hospital:patient": (patiente.id,), "hospital:patient_modifier": (patiente.id,),
            "hospital:visite": (payee.session_id,), "hospital:tarif": (tarif.id,), "hospital:tarif_changer": (tarif.id,),
            "facturation:facture": (invoice.id,), "mouvements:compte": (patiente.tiers_id,), "grand_livre:compte": ("4111",),
            "mouvements:ecriture": (MouvementFinancier.objects.first().id,), "grand_livre:ecriture": (Ecriture.objects.first().id,),
            "fiscal:link": (1,), "fiscal:proof": (1,), "fiscal:close": ("jour", local_date(tenant.time_zone).isoformat()), **({"grand_livre:imputation": (attente.id,)} if attente else {}),
        }  # fmt: skip
