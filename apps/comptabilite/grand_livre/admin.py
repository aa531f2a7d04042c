"""Chart, journals, rules and periods in the administration; entries are read on the screens, and written by nobody here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.imputation import CRITERES
from apps.comptabilite.grand_livre.models import CompteComptable, Exercice, Journal, Periode, RegleImputation
from apps.comptabilite.grand_livre.models.regle import criteres_lisibles
from apps.comptabilite.grand_livre.services.resoudre_imputation import ajouter_regle
from apps.organisations.scoped_admin import ScopedAdmin, ScopedModelForm
from apps.socle.errors import BusinessError
from apps.socle.facts import declaration_of, declarations
from apps.socle.screens.readonly_admin import ReadOnlyAdmin, ReadOnlyInline


class CompteForm(ScopedModelForm):
    class Meta:
        model = CompteComptable
        fields = (
            "numero", "libelle", "compte_parent", "type_compte", "sens_normal", "description", "imputable", "collectif", "actif",
        )  # fmt: skip

    def _get_validation_exclusions(self) -> set[str]:
        """Check the number that is generated from the typed one too: two accounts of one number are said here."""
        return super()._get_validation_exclusions() - {"numero_affiche"}

    def clean(self) -> dict[str, Any]:
        """The class is the first digit of the number: nobody types it twice."""
        donnees = super().clean() or {}
        self.instance.classe = donnees.get("numero", "")[:1]
        return donnees


class RegleForm(ScopedModelForm):
    """A rule that is being added; one that exists only ends."""

    class Meta:
        model = RegleImputation
        fields = ("type_fait", "role", *CRITERES, "sens", "compte", "journal", "valide_du", "valide_au")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "type_fait" in self.fields:
            faits = [(d.type, d.label) for d in declarations() if d.money]
            self.fields["type_fait"] = forms.ChoiceField(label=_("Fait"), choices=faits)

    def clean(self) -> dict[str, Any]:
        """A role that the fact never publishes would make a rule that never serves."""
        donnees = super().clean() or {}
        type_fait, role = donnees.get("type_fait"), donnees.get("role")
        if type_fait and role and role not in (roles := declaration_of(type_fait).roles):
            self.add_error("role", _("Ce fait a pour rôles : %s.") % ", ".join(roles))
        return donnees


@admin.register(CompteComptable)
class CompteAdmin(ScopedAdmin):
    form = CompteForm
    list_display = ("numero", "libelle", "type_compte", "imputable", "actif")
    list_filter = ("classe", "type_compte", "imputable", "collectif", "actif")
    search_fields = ("numero", "libelle")
    autocomplete_fields = ("compte_parent",)
    readonly_fields = ("numero_affiche", "date_creation")
    list_per_page = 50


@admin.register(Journal)
class JournalAdmin(ScopedAdmin):
    class FormulaireJournal(ScopedModelForm):
        class Meta:
            model = Journal
            fields = ("code", "libelle", "type", "compte_contrepartie", "description", "actif")

    form = FormulaireJournal
    list_display = ("code", "libelle", "type", "compte_contrepartie", "actif")
    list_filter = ("type", "actif")
    list_select_related = ("compte_contrepartie",)
    autocomplete_fields = ("compte_contrepartie",)
    search_fields = ("code", "libelle")


@admin.register(RegleImputation)
class RegleAdmin(ScopedAdmin):
    form = RegleForm
    list_display = ("type_fait", "role", "pour", "sens", "compte", "journal", "valide_du", "valide_au")
    list_filter = ("type_fait", "role", "journal", "sens")
    list_select_related = ("compte", "journal")
    search_fields = ("type_fait", "role", "compte__numero", "compte__libelle", *CRITERES)
    autocomplete_fields = ("compte", "journal")

    @admin.display(description=_("critères"))
    def pour(self, regle: RegleImputation) -> str:
        return criteres_lisibles(regle.criteres) or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: RegleImputation | None = None) -> tuple[str, ...]:
        """An existing rule has posted, perhaps: it may end, and another takes its place."""
        return () if obj is None else tuple(nom for nom in RegleForm.Meta.fields if nom != "valide_au")

    def save_model(self, request: Any, obj: RegleImputation, form: forms.ModelForm, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            ajouter_regle(regle=obj, acteur=request.acteur)


class PeriodeInline(ReadOnlyInline):
    model = Periode
    fields = ("code", "debut", "fin", "statut", "fermee_le", "fermee_par")


@admin.register(Exercice)
class ExerciceAdmin(ReadOnlyAdmin):
    list_display = ("code", "debut", "fin")
    inlines = (PeriodeInline,)


@admin.register(Periode)
class PeriodeAdmin(ReadOnlyAdmin):
    list_display = ("code", "debut", "fin", "statut", "fermee_le", "fermee_par")
    list_filter = ("statut", "exercice")
    actions = ("cloturer",)

    @admin.action(description=_("Clôturer les périodes choisies"), permissions=["fermer"])
    def cloturer(self, request: Any, queryset: QuerySet[Periode]) -> None:
        """Close periods, oldest first; the first that is refused says why."""
        from apps.comptabilite.grand_livre.services.fermer_periode import fermer_periode

        for periode in queryset.order_by("debut"):
            try:
                fermer_periode(periode_id=periode.pk, acteur=request.acteur)
            except BusinessError as erreur:
                self.message_user(
                    request, gettext("%(nom)s : %(dit)s") % {"nom": periode, "dit": erreur}, level="ERROR"
                )
                return
            self.message_user(request, _("%s est clôturée.") % periode)

    def has_fermer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comptabilite.fermer_periode")
