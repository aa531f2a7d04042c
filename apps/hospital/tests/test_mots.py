"""Words stored and words asked: pure, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hospital.mots import Demande, ecrire_numero, lire_demande, mots_du_nom, mots_du_patient, rang_de
from apps.socle.phones import DIALLING_CODES, is_phone, national_digits

NOMS = st.text(st.characters(categories=["L", "Mn", "Zs", "Pd"], include_characters="'’-. "), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("nom", "mots"),
    [
        ("M’Barga", {"mbarga", "m", "barga"}),
        ("Anne-Marie", {"annemarie", "anne", "marie"}),
        ("Ngo  Bassa", {"ngo", "bassa"}),
        ("Élodie", {"elodie"}),
        ("O", {"o"}),
        ("…", set()),
    ],
)
def test_words_of_a_name(nom, mots):
    assert mots_du_nom(nom) == mots


def test_words_of_a_patient():
    mots = mots_du_patient(numero="PAT-00412", nom="Fotso", prenom="Gaël", telephone="+237 6 99 93 84 75", pays="CM")
    assert mots == {"fotso", "gael", "pat00412", "412", "699938475", "99938475"}
    assert mots_du_patient(numero="DOS/2019/77", nom="O", prenom="", telephone="", pays="CM") == {
        "o",
        "dos201977",
        "dos",
        "2019",
        "77",
    }


@pytest.mark.parametrize(
    ("q", "demande"),
    [
        ("", Demande()),
        ("  ' ’ ", Demande()),
        ("mbarga so", Demande(("mbarga", "so"), ("mbargaso",))),
        ("Mbarga mbarga", Demande(("mbarga",))),
        ("PAT-00412", Demande(rang=412)),
        ("pat 412", Demande(rang=412)),
        ("pat", Demande(("pat",))),
        ("412", Demande(("412",), ("412",), 412)),
        ("00412", Demande(("412",), ("412",), 412)),
        ("+237 699 93", Demande(("69993",))),
        ("00237 699 93", Demande(("69993",), ("23769993",), 23769993)),
        ("6.99.93.84.75", Demande(("699938475",), ("699938475", "99938475"), 699938475)),
        ("+241 06 12 34 56", Demande(("24106123456",), ("06123456",))),
        ("fotso 699 93", Demande(("fotso", "69993"), ("fotso69993",))),
        ("dos 2019 77", Demande(("dos", "201977"), ("dos201977",))),
        ("00", Demande(("00",), ("0",), 0)),
        ("9" * 40, Demande(("9" * 40,), ("9" * 8,))),
    ],
)
def test_what_is_asked(q, demande):
    assert lire_demande(q, "CM") == demande


@given(st.text(max_size=300))
def test_any_question_can_be_read(q):
    demande = lire_demande(q, "CM")
    assert all(demande.mots), "no empty word, which every word would begin with"
    assert demande.rang is None or 0 <= demande.rang < 2**63


@given(NOMS, NOMS, st.randoms())
def test_the_beginnings_of_the_names_in_any_order_find_the_patient(nom, prenom, hasard):
    stockes = mots_du_patient(numero="PAT-00001", nom=nom, prenom=prenom, telephone="", pays="CM")
    debuts = [mot[: hasard.randint(1, len(mot))] for mot in f"{nom} {prenom}".split()]
    hasard.shuffle(debuts)
    demande = lire_demande(" ".join(debuts), "CM")
    if demande.rang is None:
        assert all(any(s.startswith(m) for s in stockes) or stockes & set(demande.exacts) for m in demande.mots)


@given(st.integers(1, 10**15 - 1))
def test_a_number_is_read_back(rang):
    assert rang_de(ecrire_numero(rang)) == rang
    assert lire_demande(ecrire_numero(rang), "CM").rang == rang


@pytest.mark.parametrize("autre", ["DOS-12", "PAT-", "PAT-12A", "12", "", "PATIENT-1", "PAT-١٢"])
def test_other_numbers_have_no_rank(autre):
    assert rang_de(autre) is None


@pytest.mark.parametrize(
    "ecrit",
    ["699938475", "6 99 93 84 75", "+237699938475", "+237 6 99-93-84-75", "00237699938475", "00 237 699 938 475",
     "237699938475", "(237) 699 938 475", "699\u00a0938\u202f475"],
)  # fmt: skip
def test_one_phone_written_in_many_ways(ecrit):
    assert national_digits(ecrit, "CM") == "699938475"
    assert is_phone(ecrit)


@given(st.sampled_from(sorted(DIALLING_CODES)), st.data())
def test_the_code_of_the_country_is_left_out_everywhere(pays, data):
    code, longueur = DIALLING_CODES[pays]
    national = data.draw(st.text("123456789", min_size=longueur, max_size=longueur))
    for ecrit in (f"+{code}{national}", f"00{code} {national}", f"{code}{national}"):
        assert national_digits(ecrit, pays) == national


def test_an_unknown_country_keeps_its_digits():
    assert national_digits("+1 202 555 0143", "US") == "12025550143"


@pytest.mark.parametrize("texte", ["12345", "1234567890123456", "699 A", "", "appeler Paul", "69993847٥"])
def test_not_a_phone(texte):
    assert not is_phone(texte)
