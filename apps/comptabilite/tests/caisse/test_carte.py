"""Card numbers are refused wherever they are typed; the references of real life are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.comptabilite.caisse.carte import contient_numero_de_carte, masquer, refuser_numero_de_carte
from apps.comptabilite.caisse.demo.reprise import lire_trois_jours
from apps.socle.errors import BusinessError
from apps.socle.redaction import luhn

CARTES = [
    "4970101234567893",  # Visa
    "4970 1012 3456 7893",
    "4970-1012-3456-7893",
    "4970.1012.3456.7893",
    "4970\u202f1012\u202f3456\u202f7893",
    "5555555555554444",  # Mastercard
    "2223003122003222",
    "378282246310005",  # American Express
    "3782 822463 10005",
    "30569309025904",  # Diners
    "6011111111111117",  # Discover
    "4222222222222",  # Visa, 13 digits
]
PAS_DES_CARTES = [
    "",
    "MT20261001000010",
    "OR20261012010510",
    "TPE77936562",
    "VIR20261000107",
    "5165159",
    "699938475",
    "+237 6 99 93 84 75",
    "CM21 10005 00001 12345678901 23",
    "10005 00001 12345678901 23",
    "4970101234567890",  # the check digit is wrong
    "****7893",
    "PAT-00412 le 20/11/2026 à 10:44, 38 700 FCFA",
    "M081712345678A",
]


@pytest.mark.parametrize("texte", CARTES)
@pytest.mark.parametrize("autour", ["%s", "carte %s du patient", "699938475 %s", "%s 09/28", "n°%s."])
def test_a_card_number_is_seen_alone_and_among_words(texte: str, autour: str) -> None:
    assert contient_numero_de_carte(autour % texte)


@pytest.mark.parametrize("texte", PAS_DES_CARTES)
def test_what_is_no_card_passes(texte: str) -> None:
    assert not contient_numero_de_carte(texte)


def test_no_reference_of_the_real_input_is_taken_for_a_card() -> None:
    for paiements in lire_trois_jours().encaissements.values():
        for encaissement in paiements:
            assert not contient_numero_de_carte(encaissement.reference)
            assert not contient_numero_de_carte(encaissement.payeur)


@given(st.integers(0, 10**14 - 1), st.sampled_from("45"), st.sampled_from(["", " ", "-"]))
def test_any_visa_or_mastercard_is_refused(milieu: int, tete: str, separateur: str) -> None:
    debut = f"{'4' if tete == '4' else '51'}{milieu:014d}"[:15]
    cle = next(chiffre for chiffre in "0123456789" if luhn(debut + chiffre))
    numero = separateur.join((debut + cle)[rang : rang + 4] for rang in range(0, 16, 4))
    assert contient_numero_de_carte(f"réf. {numero}")


def test_the_refusal_names_the_field_and_not_the_number() -> None:
    with pytest.raises(BusinessError) as refus:
        refuser_numero_de_carte(motif="rien", reference="4970101234567893")
    assert (refus.value.code, refus.value.field) == ("card-number-refused", "reference")
    assert "4970" not in str(refus.value)


@pytest.mark.parametrize("chiffres", ["0973", "****0973", "**** 0973", " 0973 "])
def test_four_digits_are_masked(chiffres: str) -> None:
    assert masquer(chiffres, "carte") == "****0973"


@pytest.mark.parametrize(
    "chiffres", ["", "973", "09731", "4970101234567893", "***0973", "497010******7893", "abcd", "٠٩٧٣"]
)
def test_anything_but_four_digits_is_refused(chiffres: str) -> None:
    with pytest.raises(BusinessError) as refus:
        masquer(chiffres, "carte")
    assert refus.value.code == "card-number-refused"
    assert "4970" not in str(refus.value)
