"""Files of a paper till as people really send them: each is read, or refused in French, and never half."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.choices import FichierPapier
from apps.comptabilite.caisse.reprise.fichiers import FichierRefuse, lire_papier, sans_numeros_de_carte
from apps.comptabilite.caisse.reprise.lecture import Lecture, Regles, lire
from apps.comptabilite.tests.caisse.papier import (
    MAINTENANT,
    TETE_E,
    TETE_R,
    encaissement,
    fichiers,
    mobile,
    papier,
    recette,
)

R, E = FichierPapier.RECETTES, FichierPapier.ENCAISSEMENTS
REGLES = Regles("XAF", MAINTENANT.replace(tzinfo=None))
CARTE = "4970101234567890"  # as a network issues them, its check digit wrong
CARTE_JUSTE = "4970101234567893"


def lu(recettes: list[str], encaissements: list[str] = ()) -> Lecture:
    contenus = papier(list(recettes), list(encaissements))
    return lire(lire_papier(R, contenus[0]), lire_papier(E, contenus[1]), REGLES)


def test_the_whole_month_reads_without_a_refusal() -> None:
    recettes, encaissements = fichiers()
    lecture = lire(lire_papier(R, recettes), lire_papier(E, encaissements), REGLES)
    assert lecture.refus == []
    lignes = [x for groupe in lecture.recettes.values() for x in groupe]
    paiements = [x for groupe in lecture.encaissements.values() for x in groupe]
    assert (len(lecture.recettes), len(lignes), len(paiements)) == (3298, 6579, 3462)
    assert (sum(x.montant for x in lignes), sum(x.montant for x in paiements)) == (73_515_300, 70_973_580)
    assert len({x.empreinte for x in (*lignes, *paiements)}) == 6579 + 3462, "twins of a receipt are told apart"


@pytest.mark.parametrize(
    ("change", "colonne", "dit"),
    [
        ({"quantite": -2, "montant": 2250}, "quantite", "supérieure à zéro"),
        ({"quantite": "1,2345", "montant": 0}, "quantite", "trois décimales"),
        ({"prix_unitaire": "12.345,67", "montant": 0}, "prix_unitaire", "ne se lit pas"),
        ({"prix_unitaire": "5 000", "montant": 0}, "prix_unitaire", "ne se lit pas"),
        ({"prix_unitaire": "1e3", "montant": 0}, "prix_unitaire", "ne se lit pas"),
        ({"prix_unitaire": "٥٠٠٠", "montant": 0}, "prix_unitaire", "ne se lit pas"),
        ({"prix_unitaire": "1250,50", "montant": 0}, "prix_unitaire", "sans centimes"),
        ({"prix_unitaire": -5, "montant": 0}, "prix_unitaire", "négatif"),
        ({"prix_unitaire": 999_999_999_999_999, "montant": 2250}, "prix_unitaire", "trop grand"),
        ({"montant": 1}, "montant", "font 5 000 FCFA, pas 1 FCFA"),
        ({"montant": ""}, "montant", "obligatoire"),
        ({"type_recette": "COIFFURE"}, "type_recette", "inconnu"),
        ({"date_heure": "2026-02-31T10:00"}, "date_heure", "n’existe pas"),
        ({"date_heure": "2031-01-01T10:00"}, "date_heure", "avenir"),
        ({"date_heure": "01/10/2026 08:54"}, "date_heure", "2026-10-01T08:54"),
        ({"date_heure": "0001-01-01T00:00"}, "date_heure", "ancienne"),
        ({"patient_nom": ""}, "patient_nom", "obligatoire"),
        ({"patient_numero": ""}, "patient_numero", "ne convient pas"),
        ({"patient_telephone": "à rappeler"}, "patient_telephone", "ne se lit pas"),
        ({"libelle": "A" * 5000}, "libelle", "200 caractères au plus"),
        ({"libelle": "sonnette \x07"}, "libelle", "invisible"),
        ({"caissier": "amina@ailleurs"}, "caissier", "identifiant"),
        ({"caisse": "la grande caisse"}, "caisse", "10 caractères"),
        ({"code_acte": "--"}, "code_acte", "lettres sans accent"),
        ({"recu_papier": ""}, "recu_papier", "obligatoire"),
    ],
)
def test_a_faulty_row_is_refused_beside_its_column_and_the_good_one_below_is_read(
    change: dict[str, object], colonne: str, dit: str
) -> None:
    lecture = lu([recette("P1", **change), recette("P2")])
    [refus] = lecture.refus
    assert (refus.fichier, refus.ligne, refus.colonne) == (R, 2, colonne)
    assert dit in refus.motif.replace("\u202f", " ").replace("\u00a0", " ")
    assert len(refus.valeur) <= 100
    assert list(lecture.recettes) == ["P2"]


@pytest.mark.parametrize(
    ("ligne", "colonne", "dit"),
    [
        (encaissement(mode_paiement="BITCOIN"), "mode_paiement", "inconnu"),
        (encaissement(montant=0), "montant", "supérieur à zéro"),
        (mobile(reference=""), "reference", "demande"),
        (mobile(detail="VODAFONE"), "detail", "inconnu"),
        (
            encaissement(mode_paiement="CARTE", reference="TPE1", detail="TERM-1", payeur="97"),
            "payeur",
            "quatre derniers",
        ),
        (encaissement(mode_paiement="CHEQUE", reference="5165159", detail="UBA"), "payeur", "demande"),
        (encaissement(mode_paiement="VIREMENT", reference="VIR1"), "detail", "demande"),
    ],
)
def test_a_faulty_payment_is_refused_beside_its_column(ligne: str, colonne: str, dit: str) -> None:
    lecture = lu([recette()], [ligne])
    [refus] = lecture.refus
    assert (refus.fichier, refus.ligne, refus.colonne) == (E, 2, colonne)
    assert dit in refus.motif


def test_a_formula_and_markup_are_read_as_they_are_written() -> None:
    [ligne] = lu([recette(libelle='"=HYPERLINK(""http://x"")"', patient_prenom="<script>alert(1)</script>")]).recettes[
        "P1"
    ]
    assert (ligne.libelle, ligne.patient_prenom) == ('=HYPERLINK("http://x")', "<script>alert(1)</script>")


@pytest.mark.parametrize(
    ("rangee", "colonne", "dit"),
    [
        ("P1;2026-10-01T08:54;C1;amina.caisse;PAT-00001", "patient_nom", "s’arrête ici : 5 colonnes sur 14"),
        (recette() + ";de trop", "", "15 colonnes au lieu de 14"),
        (recette(libelle='"Kit'), "", "guillemet"),
        (recette(libelle="A" * 30_000), "", "trop longue"),
    ],
)
def test_a_row_that_cannot_be_cut_spoils_no_other(rangee: str, colonne: str, dit: str) -> None:
    lecture = lu([rangee, recette("P2")])
    [refus] = lecture.refus
    assert (refus.ligne, refus.colonne, refus.code) == (2, colonne, "row-malformed")
    assert dit in refus.motif
    assert list(lecture.recettes) == ["P2"]


def test_a_block_pasted_twice_is_refused_and_twins_of_one_receipt_are_not() -> None:
    lecture = lu([recette("P1"), recette("P1"), recette("P2"), recette("P1"), recette("P1")])
    assert [ligne.rang for ligne in lecture.recettes["P1"]] == [1, 2]
    assert [(x.ligne, x.code) for x in lecture.refus] == [(5, "row-repeated"), (6, "row-repeated")]
    assert "ligne 2" in lecture.refus[0].motif


@pytest.mark.parametrize("fin", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("debut", ["", "\ufeff", "\n\n"])
def test_line_endings_marks_blank_lines_and_the_order_of_columns_do_not_matter(fin: str, debut: str) -> None:
    a_l_envers = [";".join(reversed(ligne.split(";"))) for ligne in (TETE_R.upper(), recette())]
    contenu = (debut.replace("\n", fin) + fin.join([*a_l_envers, "", ";" * 13])).encode()
    [rangee] = lire_papier(R, contenu).rangees
    assert rangee.cellules["recu_papier"] == "P1"
    assert rangee.ligne == 2 + debut.count("\n")


@pytest.mark.parametrize(
    ("contenu", "code", "dit"),
    [
        (b"", "file-empty", "vide"),
        (TETE_E.encode(), "files-swapped", "inversés"),
        (b"PK\x03\x04" + bytes(100), "file-not-csv", "Excel"),
        (b"%PDF-1.7", "file-not-csv", "PDF"),
        (TETE_R.encode("utf-16"), "file-encoding", "UTF-16"),
        (f"{TETE_R}\nP1;\0".encode(), "file-null-byte", "nul à la ligne 2"),
        (f"{TETE_R}\n{recette()}".encode("latin-1"), "file-encoding", "ligne 2"),
        (TETE_R.replace(";", ",").encode(), "file-not-csv", "« ; »"),
        (TETE_R.replace(";montant", "").encode(), "columns-wrong", "absentes : montant"),
        (TETE_R.replace("montant", "total").encode(), "columns-wrong", "inconnues : total"),
        (f"{TETE_R};remarque".encode(), "columns-wrong", "inconnues : remarque"),
        (f"{TETE_R};montant".encode(), "columns-wrong", "double : montant"),
        (f"{TETE_R};".encode(), "columns-wrong", "(sans nom)"),
        (f"{TETE_R};100%s".encode(), "columns-wrong", "100%s"),
        (f"{TETE_R};{CARTE}".encode(), "columns-wrong", "[masqué]"),
        (b"x" * (20 * 2**20 + 1), "file-too-large", "20 Mo"),
        (TETE_R.encode() + b"\nx" * 200_001, "file-too-long", "200000 lignes"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_whole_in_french(contenu: bytes, code: str, dit: str) -> None:
    with pytest.raises(FichierRefuse) as refus:
        lire_papier(R, contenu)
    assert (refus.value.code, refus.value.field) == (code, "recettes")
    assert dit in str(refus.value)
    assert CARTE not in str(refus.value)


# Card numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ligne",
    [
        encaissement(mode_paiement="CARTE", reference="TPE1", detail="TERM-1", payeur=CARTE),
        encaissement(mode_paiement="CARTE", reference="TPE1", detail="TERM-1", payeur="4970 1012 3456 7890"),
        encaissement(mode_paiement="CARTE", reference=CARTE, detail="TERM-1", payeur="7890"),
        encaissement(mode_paiement="CART", reference="TPE1", detail="TERM-1", payeur=CARTE),
        encaissement(payeur=CARTE_JUSTE),
        mobile(payeur=CARTE_JUSTE),
        encaissement(mode_paiement="CARTE", payeur=f'"{CARTE}'),
        encaissement() + f";{CARTE}",
    ],
)
def test_a_full_card_number_is_refused_and_repeated_nowhere(ligne: str) -> None:
    contenu = papier([], [ligne])[1]
    garde = sans_numeros_de_carte(E, contenu)
    lecture = lire(lire_papier(R, TETE_R.encode()), lire_papier(E, garde), REGLES)
    for texte in (garde.decode(), repr(lire_papier(E, contenu)), repr(lecture)):
        assert CARTE not in texte
        assert CARTE_JUSTE not in texte
        assert "7890" not in texte.replace(";7890", "").replace("'7890'", "")
    [refus] = lecture.refus
    assert refus.code in {"card-number-refused", "row-malformed"}
    assert not lecture.encaissements


def test_phones_transfers_and_transactions_are_no_cards() -> None:
    bonnes = [
        mobile(reference="MT20261001000010"),
        mobile(reference="OR20261001000070", detail="orange", payeur="00237699938475", montant=10),
        encaissement(mode_paiement="VIREMENT", reference="4000123412341235", detail="Ecobank", montant=20),
    ]
    contenu = papier([recette()], bonnes)[1]
    assert sans_numeros_de_carte(E, contenu) == contenu
    lecture = lu([recette()], bonnes)
    assert lecture.refus == []
    assert [x.montant for x in lecture.encaissements["P1"]] == [Decimal(5000), Decimal(10), Decimal(20)]
