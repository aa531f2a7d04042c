from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes


def test_smoke(guichet: Guichet) -> None:
    vente = vendre_au_comptant(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN", "LB-NFS", "LB-GE"),
        paiements=[especes(11500, 20000)],
        acteur=guichet.caissiere,
    )
    assert vente.facture.statut == "PAYEE"
    assert vente.quittance.numero_quittance == "QUIT-2026-00001"
