"""What is typed as a name shows all that it holds; days that are typed, and lists between two of them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django import forms
from django.db import connection

from apps.socle.errors import BusinessError
from apps.socle.money import finest
from apps.socle.screens.days import DayField, SpanForm
from apps.socle.words import HIDDEN_CHARACTERS, clean_words

HIDDEN = "\u202e\u200b\u200f\u2066\u00ad\ufeff\u061c\x07\x7f\U000e0041"
SHOWN = ["Mbarga", "N’Guessan-Kouamé", "Élodie", "\u0646\u0627\u0635\u0631", "क्\u200dष", "\U0001f600", "Ŋgɔ"]


@pytest.mark.parametrize("character", HIDDEN)
def test_what_nobody_sees_is_refused_beside_its_field(character: str) -> None:
    with pytest.raises(BusinessError) as refused:
        clean_words(f"Mba{character}rga", "nom")
    assert (refused.value.field, refused.value.code) == ("nom", "invisible-character")


@pytest.mark.parametrize("text", SHOWN)
def test_every_script_is_written(text: str) -> None:
    assert clean_words(f" {text}\u00a0\t {text}\n", "nom") == f"{text} {text}"


def test_both_walls_are_one(db: None) -> None:
    """Python and PostgreSQL read the same expression alike."""
    with connection.cursor() as sql:
        for text in [*HIDDEN, *SHOWN]:
            sql.execute("select %s ~ %s", [text, HIDDEN_CHARACTERS])
            assert sql.fetchone() == (bool(re.search(HIDDEN_CHARACTERS, text)),), repr(text)


def test_too_fine_an_amount_is_said_in_the_words_of_its_currency() -> None:
    assert finest("XAF") == "Un montant en FCFA s’écrit sans centimes."
    assert finest("EUR") == "Un montant en € s’écrit avec 2 décimales au plus."


@pytest.mark.parametrize("text", ["20/11/2026", "2026-11-20", "20112026", " 20/11/2026 "])
def test_a_day_is_read_as_it_is_typed(text: str) -> None:
    assert DayField().clean(text) == date(2026, 11, 20)


@pytest.mark.parametrize("text", ["11/20/2026", "demain", "20/11/26", "01/01/0001", "31/12/9999"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(forms.ValidationError):
        DayField().clean(text)


def test_a_last_day_before_the_first_is_said_beside_it_and_filters_nothing() -> None:
    form = SpanForm({"du": "20/11/2026", "au": "19/11/2026"})
    assert form.chosen == {"du": date(2026, 11, 20)}
    assert form.errors == {"au": ["Le dernier jour précède le premier."]}
    assert 'value="19/11/2026"' in str(form["au"])
    assert SpanForm({"du": "20/11/2026", "au": "20/11/2026"}).errors == {}


def test_every_form_asks_for_days_in_one_way() -> None:
    """One kind of field: a form elsewhere that made its own would read the month first in another browser."""
    from apps.comptabilite.caisse.forms import FiltreForm, PaiementForm
    from apps.comptabilite.grand_livre.forms import FiltreEcritures, FiltrePeriode, RegleForm
    from apps.fiscal.forms import ArchiveForm, ConfirmationForm, EntryFilter
    from apps.hospital.forms import FiltreTarifs, PatientForm, TarifForm
    from apps.mouvements.forms import FiltreMouvements

    made = (FiltreForm, PaiementForm, RegleForm, ConfirmationForm, FiltreTarifs, PatientForm, TarifForm)
    spans = (FiltreForm, FiltreEcritures, FiltrePeriode, ArchiveForm, EntryFilter, FiltreMouvements)
    for form in made + spans:
        days = [field for field in form.base_fields.values() if isinstance(field, forms.DateField)]
        assert days, form
        assert all(isinstance(field, DayField) for field in days), form
    assert all(issubclass(form, SpanForm) for form in spans)
