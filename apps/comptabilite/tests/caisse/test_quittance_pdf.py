"""The paper: what it says, how it breaks over pages, and that it fetches nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from apps.comptabilite.caisse.documents.quittance import (
    AddressRefused,
    Duplicata,
    Preuve,
    empreinte_courte,
    imprimer,
    rendre_quittance,
)
from apps.comptabilite.tests.caisse.exemples import donnees, ligne

PREUVE = Preuve(sequence=48129, empreinte="9f2c41d8a07e53b6" + "0" * 48)
DUPLICATA = Duplicata(rang=2, le=datetime(2026, 11, 20, 23, 20, tzinfo=UTC), par="Rose Tchoumi")
A5 = (419.53, 595.28)


def pages(snapshot: dict[str, Any], duplicata: Duplicata | None = None) -> list[str]:
    """Return the text of each page, spaces of every kind made plain."""
    pdf = PdfReader(BytesIO(rendre_quittance(snapshot, PREUVE, duplicata)))
    for page in pdf.pages:
        assert (round(float(page.mediabox.width), 2), round(float(page.mediabox.height), 2)) == A5
    return [" ".join(page.extract_text().split()) for page in pdf.pages]


def test_an_ordinary_receipt_is_one_page_that_says_everything() -> None:
    (texte,) = pages(donnees())
    for dit in (
        "Hôpital Sainte-Odile", "NIU M081712345678A", "QUIT-2026-04817", "20/11/2026 à 10:44", "Mbarga Nkoulou Solange",
        "PAT-00412, née le 14/03/1992", "FAC-2026-04827", "du 20/11/2026", "Amina Ngo Bassong", "Caisse C1",
        "Numération formule sanguine", "Total en FCFA", "38 700", "trente-huit mille sept cents francs CFA", "MTN MoMo",
        "MT20261120004410", "reçu 20 000, rendu 1 300", "Reste dû 0", "article 128 (6) du CGI", "article 128 (7) du CGI",
        "7K3M-9F2P-XD41", "9f2c 41d8 a07e 53b6", "Maillon 48129", "Signature et cachet", "Page 1/1",
    ):  # fmt: skip
        assert dit in texte, dit
    assert "DUPLICATA" not in texte
    assert "Versé ce jour" not in texte


def test_a_partial_payment_says_what_was_paid_before_and_what_remains() -> None:
    (texte,) = pages(donnees(montant="18700", deja_regle="5000", reste_du="15000"))
    assert "dix-huit mille sept cents francs CFA" in texte
    assert "Versé ce jour 18 700" in texte
    assert "Déjà réglé 5 000" in texte
    assert "Reste dû 15 000" in texte


def test_a_taxed_line_shows_its_rate_and_the_totals_without_tax() -> None:
    lignes = [ligne("Carnet de santé", 1, 500, exoneration="", taux="19.2500")]
    facture = {"numero": "FAC-1", "date": "2026-11-20", "total_ht": "419", "total_taxe": "81", "total_ttc": "500"}
    (texte,) = pages(donnees(lignes=lignes, facture=facture))
    assert "19,25 %" in texte
    assert "Total hors taxes 419" in texte
    assert "TVA 81" in texte
    assert "exo." not in texte


def test_a_reprint_says_so_at_its_head_and_in_the_ground_of_every_page() -> None:
    textes = pages(donnees(lignes=[ligne(f"Acte {rang}", 1, 1500) for rang in range(30)]), DUPLICATA)
    assert len(textes) == 2
    assert "DUPLICATA 2, réimprimé le 21/11/2026 à 00:20 par Rose Tchoumi" in textes[0]
    assert "QUIT-2026-04817 · DUPLICATA 2" in textes[1]
    assert all(texte.count("DUPLICATA") == 2 for texte in textes)


def test_thirty_lines_run_to_a_second_page_with_its_head() -> None:
    textes = pages(donnees(lignes=[ligne(f"Acte numéro {rang}", rang, 1500) for rang in range(1, 31)]))
    assert len(textes) == 2
    assert all("Acte ou produit Qté Prix unitaire" in texte for texte in textes)
    assert "Hôpital Sainte-Odile · Quittance QUIT-2026-04817" in textes[1]
    assert "Signature et cachet" not in textes[0]
    assert "Signature et cachet" in textes[1]
    assert "Page 2/2" in textes[1]
    vues = [texte.count("Acte numéro") for texte in textes]
    assert sum(vues) == 30
    assert min(vues) > 1


@pytest.mark.parametrize("nombre", range(7, 24))
def test_the_foot_never_stands_alone_on_its_page(nombre: int) -> None:
    """Wherever the page ends, the means of payment stay with the signature, the words with the means."""
    dernier = pages(donnees(lignes=[ligne(f"Acte numéro {rang}", 1, 1500) for rang in range(nombre)]), DUPLICATA)[-1]
    assert "Moyen de paiement" in dernier
    assert "Arrêtée la présente quittance" in dernier


def test_long_names_and_twelve_digits_stay_inside() -> None:
    hopital = {"nom": "Centre hospitalier régional universitaire et protestant de Bonassama-Ndogbong", "lignes": []}
    patient = {"nom": "Mbarga-Tchoumi " * 8, "numero": "PAT-00412", "date_naissance": None, "sexe": ""}
    lignes = [
        ligne("A" * 120, 1, 999_999_999_999),
        ligne("Nutrition parentérale adaptée, la journée " * 3, 10, 99_999_999_999),
    ]
    textes = pages(donnees(hopital=hopital, patient=patient, lignes=lignes, montant="999999999999"))
    assert len(textes) <= 3
    assert textes[0].count("999 999 999 999") >= 2
    assert "neufcentquatre-vingt-dix-neufmilliards" in "".join(textes).replace(" ", ""), "wherever the line breaks"


def test_markup_in_a_name_is_text_and_fetches_nothing() -> None:
    """A patient's name or an act's label that holds markup stays on paper as it was typed."""
    patient = {
        "nom": '<img src="file:///etc/passwd"><script>alert(1)</script>',
        "numero": "PAT-1",
        "date_naissance": None,
        "sexe": "",
    }
    (texte,) = pages(donnees(patient=patient))
    assert "<script>alert(1)</script>" in texte.replace(" ", ""), "wherever the line breaks"


@pytest.mark.parametrize(
    "adresse",
    [
        "file:///etc/passwd", "http://127.0.0.1/x.css", "https://example.org/x.css", "data:text/css,*{}", "ftp://x/y",
        "static:../config/settings.py", "static:cauris/../../config/settings.py", "static:cauris/absent.css",
    ],
)  # fmt: skip
def test_nothing_but_our_static_files_is_fetched(adresse: str) -> None:
    with pytest.raises(AddressRefused, match="a receipt does not fetch"):
        imprimer(f'<link rel="stylesheet" href="{adresse}"><p>x</p>')


def test_a_receipt_before_its_link_shows_no_fingerprint() -> None:
    texte = PdfReader(BytesIO(rendre_quittance(donnees()))).pages[0].extract_text()
    assert "Empreinte" not in texte
    assert "7K3M-9F2P-XD41" in texte


def test_the_short_fingerprint_is_the_first_sixteen_digits() -> None:
    assert empreinte_courte(PREUVE.empreinte).replace("\u00a0", "") == PREUVE.empreinte[:16]
