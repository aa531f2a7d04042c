"""Every component of the house on one page, for the tests and for whoever wants to look at it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import RequestContext, engines
from django.test import RequestFactory

from apps.socle.screens.chart import Bar
from apps.socle.screens.icons import ICONS
from apps.socle.screens.lists import Step, Tab
from apps.socle.screens.states import STATES

WHEN = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)
RECEIPTS = [
    1671300,
    195100,
    3630645,
    2890255,
    3165050,
    2742300,
    3012900,
    1584200,
    241500,
    3402150,
    2677480,
    2955300,
    2731600,
    847350,
]
DAYS = ("sam.", "dim.", "lun.", "mar.", "mer.", "jeu.", "ven.")


class PaymentForm(forms.Form):
    """A form with a field of each kind, sent with mistakes."""

    reference = forms.CharField(label="Référence MTN MoMo", help_text="Telle que l’opérateur la donne.", max_length=5)
    recu = forms.DecimalField(
        label="Montant reçu (FCFA)", min_value=18700, widget=forms.TextInput(attrs={"class": "montant", "inputmode": "numeric"})
    )  # fmt: skip
    patient = forms.CharField(label="Patient", disabled=True, initial="Mbarga Nkoulou Solange", required=False)
    caisse = forms.ChoiceField(label="Caisse", choices=[("C1", "C1"), ("C2", "C2")])
    imprimer = forms.BooleanField(label="Imprimer", required=False)
    cache = forms.CharField(widget=forms.HiddenInput, initial="x")

    def clean(self) -> None:
        raise forms.ValidationError("La caisse C1 est fermée.")


class FreeForm(forms.Form):
    """A form not yet sent."""

    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    moyen = forms.ChoiceField(label="Moyen", choices=[("E", "Espèces"), ("M", "Mobile")], widget=forms.RadioSelect)


class FilterForm(forms.Form):
    """The filters of a list."""

    q = forms.CharField(label="Numéro ou patient", required=False)
    du = forms.DateField(label="Du", required=False, widget=forms.DateInput(attrs={"size": 9}))
    au = forms.DateField(label="Au", required=False, widget=forms.DateInput(attrs={"size": 9}))
    caisse = forms.ChoiceField(label="Caisse", choices=[("", "Toutes"), ("C1", "C1")], required=False)


def _rows() -> list[SimpleNamespace]:
    names = [
        "Ngo Um Félicité",
        "Abena Ondoa Jean-Marie",
        "Fotso Kamdem Gaël",
        "Bella Mvogo Thérèse",
        "Aïssatou Hamadou",
    ]
    return [
        SimpleNamespace(
            numero=f"FAC-2026-{4801 + i:05d}", patient=names[i % 5], montant=Decimal(6000 + 1500 * i),
            passee=i == 2, etat="VALIDEE" if i == 2 else "EN_ATTENTE",
        )
        for i in range(24)
    ]  # fmt: skip


def context() -> dict[str, Any]:
    """Return what the catalogue shows."""
    sent = PaymentForm({"reference": "MT20261120004410", "recu": "18000", "caisse": "C1", "cache": "x"}, prefix=None)
    bars = [
        Bar(f"{7 + i:02d}", Decimal(value), DAYS[i % 7], url="#", full_label=f"{DAYS[i % 7]} {7 + i:02d}/11/2026", accent=i == 13)
        for i, value in enumerate(RECEIPTS)
    ]  # fmt: skip
    steps = [
        Step("Brouillon", "Paul Essomba", WHEN),
        Step("Rejetée", "B. Atangana", WHEN, detail="« Prix de l’échographie à revoir »", refused=True),
        Step("Validée", "Système", WHEN),
    ]
    tabs = [Tab("En attente", "?etat=EN_ATTENTE", 24, True), Tab("Validées", "?etat=VALIDEE", 112), Tab("Toutes", "?")]
    return {
        "form": sent, "libre": FreeForm(), "filtre": FilterForm({"q": "mbarga", "du": "16/11/2026"}),
        "etats": ["BROUILLON", "EN_ATTENTE", "VALIDEE", "PAYEE_PARTIELLEMENT", "PAYEE", "REJETEE", "ANNULEE", "FERMEE"],
        "icones": list(ICONS), "tous_les_etats": list(STATES), "total": Decimal(612450), "manque": Decimal(-1500), "zero": Decimal(0),
        "rien": None, "totaux": [Decimal(610950), None], "quand": WHEN, "page": Paginator(_rows(), 10).get_page(2), "tabs": tabs,
        "etapes": steps, "barres": bars,
        "navigation": [
            SimpleNamespace(label="Accueil", url="#", current=False, count=None),
            SimpleNamespace(label="Factures", url="#", current=True, count=24),
            SimpleNamespace(label="Quittances", url="#", current=False, count=None),
            SimpleNamespace(label="Journaux", url="#", current=False, count=None),
        ],
        "status_lines": [
            {"strong": "Caisse C1 ouverte", "text": "depuis 07:32, fonds 50 000 FCFA", "url": "#", "closed": False},
            {"strong": "Exercice 2026", "text": "novembre ouvert", "url": "", "closed": True},
        ],
        "tenant": SimpleNamespace(name="Hôpital Sainte-Odile"), "membership": SimpleNamespace(role="Caissière"),
    }  # fmt: skip


def request(
    theme: str = "auto", address: str = "/sainte-odile/factures/?etat=EN_ATTENTE&page=2&tri=date"
) -> HttpRequest:
    """Return a request as a member's browser sends it."""
    made = RequestFactory().get(address)
    made.COOKIES["theme"] = theme
    made.user = SimpleNamespace(is_authenticated=True, full_name="Amina Ngo Bassong", username="amina")
    made.csp_nonce = "nonce"
    return made


def render(theme: str = "auto") -> str:
    """Draw the catalogue."""
    source = (Path(__file__).parent / "catalogue.html").read_text(encoding="utf-8")
    engine = engines["django"].engine
    asked = request(theme)
    bound = RequestContext(asked)
    bound.update({**context(), "messages": [], "theme": theme, "csrf_token": "jeton", "csp_nonce": "n"})
    return engine.from_string(source).render(bound)
