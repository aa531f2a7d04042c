"""Receipts: the list and its file, one receipt and what it left behind, the original and its reprints."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.comptabilite.caisse.models import DuplicataQuittance, Quittance
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.views import quittances as ecran
from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.tests.caisse.ecrans import Personne
from apps.comptabilite.tests.caisse.factories import Guichet, carte, especes, make_facture, mobile
from apps.comptabilite.tests.caisse.test_ecrans_factures import lignes_du_csv, total
from apps.fiscal.models import FiscalEntry
from apps.organisations.tests.factories import make_acteur
from apps.socle import clock
from apps.socle.clock import local_date
from apps.socle.models import AuditTrail


def texte_du_pdf(reponse) -> str:
    assert reponse.status_code == 200
    assert reponse.headers["Content-Type"] == "application/pdf"
    assert reponse.headers["Cache-Control"] == "no-store"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(reponse.content)).pages).split())


@pytest.fixture
def quittance(guichet: Guichet) -> Quittance:
    facture = make_facture(guichet)
    return encaisser_facture(
        facture_id=facture.id, paiements=[especes(6500, 10_000), mobile(5000)], acteur=guichet.caissiere
    )


@pytest.fixture
def trois(guichet: Guichet) -> list[Quittance]:
    """Cash 500, card 5,000, cash and mobile 2,000."""
    ventes = (("AU-CARN", [especes(500)]), ("CONS-GEN", [carte(5000)]), ("LB-GE", [especes(1500), mobile(500)]))
    return [
        encaisser_facture(facture_id=make_facture(guichet, code).id, paiements=paiements, acteur=guichet.caissiere)
        for code, paiements in ventes
    ]


def test_the_list_its_totals_and_its_file_say_the_same(
    guichet: Guichet, comptable: Personne, trois: list[Quittance]
) -> None:
    aujourdhui = f"{local_date(guichet.tenant.time_zone):%d/%m/%Y}"
    for filtres, attendues in (
        ({}, trois),
        ({"moyen": "ESPECES"}, [trois[0], trois[2]]),
        ({"moyen": "MOBILE"}, trois[2:]),
        ({"moyen": "CHEQUE"}, []),
        ({"type": "CONSULTATION"}, trois[1:2]),
        ({"q": trois[0].numero_quittance}, trois[:1]),
        ({"q": trois[1].facture.invoice.invoice_number}, trois[1:2]),
        ({"q": "solange"}, trois),
        ({"caisse": str(guichet.caisse.pk), "du": aujourdhui, "au": aujourdhui}, trois),
        ({"au": "01/01/2026"}, []),
    ):
        page = comptable.ouvrir("caisse:quittances", **filtres)
        fichier = lignes_du_csv(comptable, "caisse:exporter_quittances", **filtres)
        assert [ligne["Quittance"] for ligne in fichier] == [q.numero_quittance for q in attendues], filtres
        if attendues:
            somme = sum(Decimal(ligne["Montant"]) for ligne in fichier)
            assert total(page).replace("\u202f", "") == str(somme)
            assert f"Total, {len(attendues)} quittance" in page.texte
        else:
            assert "Aucune quittance ne répond à ces filtres" in page.texte


def test_the_head_sums_each_means_over_all_pages(comptable: Personne, trois: list[Quittance]) -> None:
    [resume] = [
        e
        for e in comptable.ouvrir("caisse:quittances").trouver("span", class_="discret")
        if "Espèces" in "".join(e.itertext())
    ]
    mots = " ".join("".join(resume.itertext()).split())
    assert mots == "Espèces 2 000 FCFA · Carte bancaire 5 000 FCFA · Paiement mobile 500 FCFA"


def test_the_list_is_sorted(comptable: Personne, trois: list[Quittance]) -> None:
    liens = {
        tri: [
            a.text
            for a in comptable.ouvrir("caisse:quittances", tri=tri).trouver("a", class_="ref")
            if "QUIT" in (a.text or "")
        ]
        for tri in ("montant", "-montant", "numero", "-date")
    }
    n = [quittance.numero_quittance for quittance in trois]
    assert liens == {"montant": [n[0], n[2], n[1]], "-montant": [n[1], n[2], n[0]], "numero": n, "-date": n[::-1]}


def test_a_receipt_shows_what_the_franc_left(comptable: Personne, quittance: Quittance) -> None:
    page = comptable.ouvrir("caisse:quittance", quittance.pk)
    maillon = FiscalEntry.objects.get(entity_id=quittance.pk)
    for dit in (
        "Mbarga Nkoulou Solange", "11 500 FCFA", "MTN Mobile Money", "MT20261001000010", "6 500", "Amina Ngo Bassong, Caisse C1",
        quittance.facture.invoice.invoice_number,
    ):  # fmt: skip
        assert dit in page.texte, dit
    [preuve] = [s for s in page.arbre.iter("section") if "Ce que ce franc a laissé" in "".join(s.itertext())]
    genres = [dt.text for dt in preuve.iter("dt")]
    assert genres[0] == "Mouvement"
    assert genres.count("Écriture") == 2, genres  # cash and mobile money, a journal each
    assert genres[-2:] == ["Maillon de la chaîne", "Preuve"]
    assert str(maillon.sequence_number) in "".join(preuve.itertext())
    for lien in preuve.iter("a"):
        assert comptable.client.get(lien.get("href")).status_code == 200, lien.get("href")


# The paper ------------------------------------------------------------------------------------------------


def test_the_original_is_its_cashier_s_for_a_quarter_of_an_hour(
    guichet: Guichet, caissiere: Personne, comptable: Personne, quittance: Quittance, monkeypatch: pytest.MonkeyPatch
) -> None:
    adresse = caissiere.adresse("caisse:original", quittance.pk)
    texte = texte_du_pdf(caissiere.client.get(adresse))
    maillon = FiscalEntry.objects.get(entity_id=quittance.pk)
    assert quittance.numero_quittance in texte
    assert "DUPLICATA" not in texte
    assert " ".join(maillon.chain_hash[i : i + 4] for i in range(0, 16, 4)) in texte
    collegue = Personne(guichet.tenant, make_acteur(guichet.tenant, "caissier"))
    assert collegue.client.get(adresse).status_code == 404
    assert comptable.client.get(adresse).status_code == 404
    for minutes, statut in ((14, 200), (16, 404)):
        monkeypatch.setattr(ecran, "now", lambda minutes=minutes: clock.now() + timedelta(minutes=minutes))
        assert caissiere.client.get(adresse).status_code == statut
    page = caissiere.ouvrir("caisse:quittance", quittance.pk, neuve="1")
    assert "original.pdf" not in page.html
    assert "encaissés de" not in page.refus
    assert "Réimprimer un duplicata" in page.texte


def test_each_reprint_is_a_row_and_bears_its_rank(
    caissiere: Personne, comptable: Personne, quittance: Quittance
) -> None:
    for rang, qui in enumerate((comptable, caissiere), 1):
        fait = qui.envoyer("caisse:reimprimer", quittance.pk, donnees={})
        assert fait.vers.endswith(f"/duplicata-{rang}.pdf")
        texte = texte_du_pdf(qui.client.get(fait.vers))
        assert f"DUPLICATA {rang}" in texte
        assert quittance.numero_quittance in texte
    assert [d.rang for d in DuplicataQuittance.objects.order_by("rang")] == [1, 2]
    assert AuditTrail.objects.filter(action="quittance_reimprimee", model_id=quittance.pk).count() == 2
    page = comptable.ouvrir("caisse:quittance", quittance.pk)
    assert "duplicata 1" in page.texte
    assert "duplicata 2" in page.texte
    assert comptable.client.get(comptable.adresse("caisse:duplicata", quittance.pk, 3)).status_code == 404
    assert comptable.client.get(comptable.adresse("caisse:reimprimer", quittance.pk)).status_code == 405


def test_a_file_of_receipts_runs_no_formula(guichet: Guichet, comptable: Personne) -> None:
    from apps.hospital.services import modifier_patient

    modifier_patient(patient_id=guichet.patient.id, nom="=cmd()", prenom="@x", acteur=guichet.caissiere)
    encaisser_facture(facture_id=make_facture(guichet).id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    [ligne] = lignes_du_csv(comptable, "caisse:exporter_quittances")
    assert ligne["Patient"] == "'=cmd() @x"


@pytest.mark.parametrize("nom", ["caisse:quittances", "caisse:factures", "grand_livre:ecritures", "fiscal:chain"])
def test_days_in_the_wrong_order_are_said_beside_their_field(
    comptable: Personne, quittance: Quittance, nom: str
) -> None:
    page = comptable.ouvrir(nom, du="20/11/2026", au="01/11/2026", q="")
    assert page.erreur_de("au") == "Le dernier jour précède le premier."


def test_the_unit_is_the_one_that_people_read(comptable: Personne, quittance: Quittance) -> None:
    ecriture = Ecriture.objects.first()
    pages = [
        ("grand_livre:balance",),
        ("grand_livre:compte", "4111"),
        ("grand_livre:ecritures",),
        ("grand_livre:centralisateur",),
    ]
    for adresse in [*pages, ("grand_livre:ecriture", ecriture.pk), ("caisse:quittance", quittance.pk)]:
        page = comptable.ouvrir(*adresse)
        assert page.statut == 200, adresse
        assert "XAF" not in page.texte, adresse
        assert "FCFA" in page.texte, adresse
