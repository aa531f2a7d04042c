"""What is typed about a patient or a tariff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.hospital.choices import Sexe, TypeRecette
from apps.hospital.identite import (
    NOM_MAXIMUM,
    TELEPHONE_MAXIMUM,
    Identite,
    lire_naissance,
    lire_nom,
    lire_prenom,
    lire_telephone,
)
from apps.hospital.models import Service
from apps.hospital.selectors import code_connu
from apps.socle.errors import BusinessError
from apps.socle.screens.addresses import way_back
from apps.socle.screens.amounts import AmountField
from apps.socle.screens.days import DayField

T = TypeVar("T")


def poser_erreur(form: forms.Form, refus: BusinessError) -> None:
    """Put what a service refused beside its field, or above the form."""
    champ = refus.field if refus.field in form.fields else None
    form.add_error(champ, forms.ValidationError(str(refus), code=refus.code))


class FiltrePatients(forms.Form):
    q = forms.CharField(required=False, max_length=200, strip=True)


class PatientForm(forms.Form):
    """Who a patient is; `vus` remembers the look-alikes that were shown before insisting, `retour` who waits for them."""

    nom = forms.CharField(
        label=_("Nom"), max_length=NOM_MAXIMUM, error_messages={"required": _("Le nom est obligatoire.")}
    )
    prenom = forms.CharField(label=_("Prénom"), required=False, max_length=NOM_MAXIMUM)
    date_naissance = DayField(label=_("Date de naissance"), required=False)
    sexe = forms.ChoiceField(label=_("Sexe"), required=False, choices=[("", "—"), *Sexe.choices])
    telephone = forms.CharField(
        label=_("Téléphone"),
        required=False,
        max_length=TELEPHONE_MAXIMUM,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    vus = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    retour = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def __init__(self, *args: Any, aujourdhui: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aujourdhui = aujourdhui
        for champ in self.fields.values():
            champ.widget.attrs.setdefault("autocomplete", "off")

    def clean_nom(self) -> str:
        return _verifier(lambda: lire_nom(self.cleaned_data["nom"]))

    def clean_prenom(self) -> str:
        return _verifier(lambda: lire_prenom(self.cleaned_data["prenom"]))

    def clean_telephone(self) -> str:
        return _verifier(lambda: lire_telephone(self.cleaned_data["telephone"]))

    def clean_date_naissance(self) -> dt.date | None:
        return _verifier(lambda: lire_naissance(self.cleaned_data["date_naissance"], self.aujourdhui))

    def clean_retour(self) -> str:
        """Keep an address of this house only."""
        return way_back(self.cleaned_data["retour"])

    def identite(self) -> Identite:
        """Return what was typed, cleaned."""
        return Identite(**{champ: self.cleaned_data[champ] for champ in Identite.__dataclass_fields__})


def _verifier(lecture: Callable[[], T]) -> T:
    try:
        return lecture()
    except BusinessError as refus:
        raise forms.ValidationError(str(refus), code=refus.code) from refus


class FiltreTarifs(forms.Form):
    """A code or words, a day, a type of revenue."""

    q = forms.CharField(
        label=_("Code ou désignation"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "data-touche": "F2", "data-touche-aide": _("rechercher")}),
    )
    le = DayField(label=pgettext_lazy("en vigueur", "Au"), required=False)
    type = forms.ChoiceField(
        label=_("Type de recette"), required=False, choices=[("", _("Tous")), *TypeRecette.choices]
    )


class TarifForm(forms.Form):
    """What a code costs, from a day on."""

    code = forms.CharField(label=_("Code"), max_length=50)
    nom = forms.CharField(label=_("Désignation"), max_length=200)
    type_recette = forms.ChoiceField(label=_("Type de recette"), choices=TypeRecette)
    service = forms.ModelChoiceField(
        label=_("Service"),
        queryset=Service.objects.filter(actif=True),
        required=False,
        empty_label=_("Celui du type de recette"),
    )
    montant = AmountField(label=_("Montant"))
    valide_du = DayField(label=_("À partir du"))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, code_fixe: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].disabled = code_fixe
        for nom in ("code", "nom"):
            self.fields[nom].widget.attrs["autocomplete"] = "off"

    def clean_code(self) -> str:
        """Refuse, for a new code, one that has a tariff: it would be changed by mistake."""
        code: str = self.cleaned_data["code"].strip().upper()
        if not self.fields["code"].disabled and code_connu(code):
            raise forms.ValidationError(
                _("Ce code a déjà un tarif : ouvrez-le dans la liste pour le changer."), code="code-taken"
            )
        return code
