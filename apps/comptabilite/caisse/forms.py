"""What is typed at the till."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.selectors import caisses_libres
from apps.hospital.choices import TypeRecette
from apps.socle.screens.amounts import AmountField

# What each means asks for beside its amount, in the order of the screen.
CHAMPS = {
    MoyenPaiement.ESPECES.value: (),
    MoyenPaiement.MOBILE.value: ("operateur", "payeur", "reference"),
    MoyenPaiement.CARTE.value: ("reference", "carte", "terminal"),
    MoyenPaiement.CHEQUE.value: ("reference", "banque", "titulaire", "date"),
    MoyenPaiement.VIREMENT.value: ("reference", "banque", "date", "compte_source"),
}
REFERENCES = {
    MoyenPaiement.CHEQUE.value: _("Numéro du chèque"),
    MoyenPaiement.VIREMENT.value: _("Référence du virement"),
    MoyenPaiement.CARTE.value: _("Référence du ticket"),
    MoyenPaiement.MOBILE.value: _("Référence du paiement"),
}


class LigneForm(forms.Form):
    """One line: a code of the tariff, how many, and a price only where it is not the tariff's."""

    code = forms.CharField(max_length=50, widget=forms.HiddenInput)
    quantite = AmountField(label=_("Quantité"), initial="1")
    prix = AmountField(label=_("Prix unitaire"), required=False)

    def saisie(self) -> LigneSaisie:
        """Return the cleaned line as the services take it."""
        data = self.cleaned_data
        return LigneSaisie(code=data["code"], quantite=data["quantite"], prix=data["prix"])


class PaiementForm(forms.Form):
    """One payment; `calcule` remembers the amount that the screen proposed, so that it follows the total."""

    moyen = forms.ChoiceField(choices=MoyenPaiement, widget=forms.HiddenInput)
    calcule = forms.CharField(required=False, widget=forms.HiddenInput)
    montant = AmountField(label=_("Montant"))
    recu = AmountField(label=_("Espèces reçues"), required=False)
    operateur = forms.ChoiceField(
        label=_("Opérateur"), required=False, choices=[("", _("Choisir…")), *OperateurMobile.choices]
    )
    payeur = forms.CharField(label=_("Numéro du payeur"), required=False, max_length=20)
    reference = forms.CharField(label=_("Référence"), required=False, max_length=100)
    carte = forms.CharField(label=_("Quatre derniers chiffres"), required=False, max_length=30)
    terminal = forms.CharField(label=_("Terminal"), required=False, max_length=50)
    banque = forms.CharField(label=_("Banque"), required=False, max_length=100)
    titulaire = forms.CharField(label=_("Titulaire"), required=False, max_length=200)
    date = forms.DateField(label=_("Date"), required=False)
    compte_source = forms.CharField(label=_("Compte d’origine"), required=False, max_length=50)

    def __init__(self, *args: Any, moyen: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nom_moyen = moyen
        self.fields["reference"].label = REFERENCES.get(moyen, _("Référence"))
        self.fields["date"].widget.attrs["placeholder"] = _("jj/mm/aaaa")
        for nom in ("payeur", "carte"):
            self.fields[nom].widget.attrs["inputmode"] = "numeric"
        for champ in self.fields.values():
            champ.widget.attrs["autocomplete"] = "off"

    @property
    def details(self) -> list[forms.BoundField]:
        """Return the fields that this means asks for beside its amount."""
        return [self[nom] for nom in CHAMPS.get(self.nom_moyen, ())]

    @property
    def libelle(self) -> str:
        return MoyenPaiement(self.nom_moyen).label

    @property
    def est_especes(self) -> bool:
        return self.nom_moyen == MoyenPaiement.ESPECES

    def saisie(self) -> PaiementSaisi:
        """Return the cleaned payment as the services take it."""
        data = {nom: valeur for nom, valeur in self.cleaned_data.items() if nom != "calcule"}
        data["recu"] = data["recu"] if self.est_especes else None
        return PaiementSaisi(**data)


class OuvertureForm(forms.Form):
    """Opening a till: which one, and what lies in its drawer."""

    caisse = forms.ModelChoiceField(label=_("Caisse"), queryset=Caisse.objects.none(), empty_label=None)
    fonds = AmountField(label=_("Fonds de caisse"), help_text=_("Ce que le tiroir contient maintenant, compté."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["caisse"].queryset = caisses_libres().order_by("code")  # type: ignore[attr-defined]


class FermetureForm(forms.Form):
    """Closing a till: what was counted, and why it differs."""

    compte = AmountField(label=_("Espèces comptées"), help_text=_("Tout le tiroir, fonds compris."))
    motif_ecart = forms.CharField(
        label=_("Motif de l’écart"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class RejetForm(forms.Form):
    """Sending invoices back."""

    commentaire = forms.CharField(
        label=_("Motif, obligatoire pour un rejet"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RegleForm(forms.Form):
    """The rule under which the system validates."""

    active = forms.BooleanField(label=_("Valider sans attendre un comptable ce qui est au tarif"), required=False)
    plafond = AmountField(
        label=_("Jusqu’à"),
        required=False,
        help_text=_("Montant au-delà duquel un comptable valide ; vide : sans limite."),
    )


class FiltreForm(forms.Form):
    """Filters of a list of the till; an unreadable date filters nothing and is said."""

    q = forms.CharField(
        label=_("Numéro ou patient"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    du = forms.DateField(label=_("Du"), required=False)
    au = forms.DateField(label=_("Au"), required=False)
    caisse = forms.ModelChoiceField(
        label=_("Caisse"), required=False, queryset=Caisse.objects.none(), empty_label=_("Toutes")
    )
    type = forms.ChoiceField(label=_("Recette"), required=False, choices=[("", _("Toutes")), *TypeRecette.choices])
    moyen = forms.ChoiceField(label=_("Moyen"), required=False, choices=[("", _("Tous")), *MoyenPaiement.choices])

    def __init__(self, *args: Any, sans: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["caisse"].queryset = Caisse.objects.order_by("code")  # type: ignore[attr-defined]
        for nom in sans:
            del self.fields[nom]
        for nom in ("du", "au"):
            self.fields[nom].widget.attrs.update({"placeholder": _("jj/mm/aaaa"), "inputmode": "numeric", "size": 10})

    @property
    def valeurs(self) -> dict[str, Any]:
        """Return what was understood; what was not is shown beside its field and filters nothing."""
        self.is_valid()
        return {nom: valeur for nom, valeur in self.cleaned_data.items() if valeur}
