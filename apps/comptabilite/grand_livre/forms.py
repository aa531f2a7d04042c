"""Filters of the ledger's lists, and the rule that an accountant adds to a pending imputation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.choices import Sens
from apps.comptabilite.grand_livre.models import CompteComptable, Journal, RegleImputation
from apps.comptabilite.grand_livre.transitions import A_VALIDER, ECRITURE, VALIDEE
from apps.socle.facts import role_label
from apps.socle.screens.days import DayField, SpanForm


def champ_recherche(label: Any) -> forms.CharField:
    """The field where typing starts."""
    attributs = {"type": "search", "data-touche": "F2", "data-touche-aide": _("rechercher")}
    return forms.CharField(label=label, required=False, max_length=100, widget=forms.TextInput(attrs=attributs))


class FiltreEcritures(SpanForm):
    """Words of a number, a voucher or a label; days; journal; state.

    `clos_du` and `clos_au` come with the list of what a closing left: fiscal days of the facts' links.
    """

    field_order = ("q", "du", "au")

    q = champ_recherche(_("Numéro, pièce ou libellé"))
    journal = forms.ChoiceField(label=_("Journal"), required=False)
    etat = forms.ChoiceField(
        label=_("État"),
        required=False,
        choices=[("", _("Tous")), *((code, ECRITURE.labels[code]) for code in (A_VALIDER, VALIDEE))],
    )

    clos_du = DayField(required=False, widget=forms.HiddenInput)
    clos_au = DayField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Journal.objects.values_list("code", "libelle")
        self.fields["journal"].choices = [("", _t("Tous")), *((code, f"{code} {libelle}") for code, libelle in codes)]


class FiltrePeriode(SpanForm):
    """Between two days, everything posted or only what is validated."""

    etat = forms.ChoiceField(
        label=_("Écritures"), required=False, choices=[("", _("Toutes")), (VALIDEE, _("Validées seulement"))]
    )


class FiltrePlan(forms.Form):
    """A number, or words of a title."""

    q = champ_recherche(_("Numéro ou libellé"))


class RegleForm(forms.Form):
    """The rule that a role lacks; its fact, role and possible criteria come from the pending imputation."""

    criteres = forms.MultipleChoiceField(
        label=_("La règle vaut pour"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Sans critère, elle vaut pour toutes les lignes de ce rôle."),
    )
    sens = forms.ChoiceField(label=_("Sens"), choices=Sens.choices)
    compte = forms.CharField(
        label=_("Compte"), max_length=10, help_text=_("Numéro d’un compte qui reçoit des écritures.")
    )
    journal = forms.ChoiceField(label=_("Journal"))
    valide_du = DayField(label=_("Valable du"), required=False)

    def __init__(self, *args: Any, type_fait: str, role: str, possibles: Mapping[str, str], **kwargs: Any) -> None:
        self.type_fait, self.role, self.possibles = type_fait, role, dict(possibles)
        self.role_lisible = role_label(role)
        super().__init__(*args, **kwargs)
        noms = {nom: RegleImputation._meta.get_field(nom).verbose_name for nom in self.possibles}
        deux_points = _t("\u00a0: ")
        self.fields["criteres"].choices = [
            (nom, f"{noms[nom]}{deux_points}{valeur}") for nom, valeur in self.possibles.items()
        ]
        self.fields["criteres"].initial = list(self.possibles)
        if not self.possibles:
            del self.fields["criteres"]
        self.journaux = {journal.code: journal for journal in Journal.objects.filter(actif=True)}
        self.fields["journal"].choices = [(code, str(journal)) for code, journal in self.journaux.items()]
        self._proposer()

    def _proposer(self) -> None:
        """Start from the side and journal of another rule of this role, when there is one."""
        voisine = (
            RegleImputation.objects.filter(type_fait=self.type_fait, role=self.role).select_related("journal").first()
        )
        if voisine is not None:
            self.fields["sens"].initial = voisine.sens
            self.fields["journal"].initial = voisine.journal.code

    def clean_compte(self) -> CompteComptable:
        """The account of that number, which must receive entries."""
        numero = self.cleaned_data["compte"].strip()
        compte = CompteComptable.objects.filter(numero=numero).first()
        if compte is None:
            raise forms.ValidationError(_("Aucun compte n’a ce numéro."))
        if not compte.imputable or not compte.actif:
            raise forms.ValidationError(_("Ce compte ne reçoit pas d’écritures : choisissez un sous-compte actif."))
        return compte

    def regle(self) -> RegleImputation:
        """The rule as filled in, not saved."""
        donnees = self.cleaned_data
        return RegleImputation(
            type_fait=self.type_fait,
            role=self.role,
            sens=donnees["sens"],
            compte=donnees["compte"],
            journal=self.journaux[donnees["journal"]],
            valide_du=donnees["valide_du"],
            **{nom: self.possibles[nom] for nom in donnees.get("criteres", [])},
        )
