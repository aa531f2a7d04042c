"""Imputation rules: which account and journal a line of a fact takes."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.comptabilite.grand_livre import imputation
from apps.comptabilite.grand_livre.choices import Sens
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.facts import role_label
from apps.socle.immutability import Protection


def _jour(nom: str, decalage: int = 0) -> Cast | ExpressionWrapper:
    """A day of the rule, moved by some days; cast, because a rule without that day is checked in Python with a NULL."""
    jour = Cast(F(nom), models.DateField())
    return ExpressionWrapper(jour + Value(decalage), output_field=models.DateField()) if decalage else jour


def _validite() -> Func:
    """The days on which a rule holds: no first day means always, and it may end the day before it began."""
    return Func(
        _jour("valide_du"), _jour("valide_au", 1), Value("[)"), function="daterange", output_field=DateRangeField()
    )


def criteres_lisibles(criteres: Mapping[str, str]) -> str:
    """Criteria as an accountant reads them: "moyen de paiement ESPECES, caisse C1"."""
    return ", ".join(
        f"{RegleImputation._meta.get_field(nom).verbose_name} {criteres[nom]}"
        for nom in reversed(imputation.CRITERES)
        if nom in criteres
    )


class RegleImputation(TenantOwned):
    """A dated rule. A posted line keeps the rule that chose its account, so a rule only ever ends.

    An empty criterion accepts anything; `imputation.py` says which of several rules wins. Two rules of
    one key may not hold on the same day.
    """

    type_fait = models.CharField(_("fait"), max_length=60)
    role = models.CharField(_("rôle"), max_length=40)
    moyen = models.CharField(_("moyen de paiement"), max_length=20, blank=True)
    operateur = models.CharField(_("opérateur"), max_length=20, blank=True)
    caisse = models.CharField(_("caisse"), max_length=20, blank=True)
    compte_bancaire = models.CharField(_("compte bancaire"), max_length=40, blank=True)
    service = models.CharField(_("service"), max_length=40, blank=True)
    type_recette = models.CharField(_("type de recette"), max_length=20, blank=True)
    taxe = models.CharField(
        _("taux de taxe"), max_length=10, blank=True, help_text=_("En pour cent, par exemple 19.25.")
    )
    sens = models.CharField(pgettext_lazy("débit ou crédit", "sens"), max_length=6, choices=Sens)
    compte = TenantForeignKey("comptabilite.CompteComptable", related_name="regles", verbose_name=_("compte"))
    journal = TenantForeignKey("comptabilite.Journal", related_name="regles", verbose_name=_("journal"))
    valide_du = models.DateField(_("valable du"), null=True, blank=True, help_text=_("Vide : depuis toujours."))
    valide_au = models.DateField(_("valable jusqu’au"), null=True, blank=True, help_text=_("Vide : sans fin."))
    cree_le = models.DateTimeField(_("créée le"), default=now, editable=False)
    cree_par = models.CharField(_("créée par"), max_length=255, editable=False)

    protection = Protection(living=("valide_au",))

    class Meta:
        verbose_name = _("règle d’imputation")
        verbose_name_plural = _("règles d’imputation")
        ordering = ["type_fait", "role", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sens__in=Sens.values),
                name="comptabilite_regle_sens",
                violation_error_message=_("Une ligne va au débit ou au crédit."),
            ),
            models.CheckConstraint(
                condition=Q(valide_du__isnull=True)
                | Q(valide_au__isnull=True)
                | Q(valide_au__gte=_jour("valide_du", -1)),
                name="comptabilite_regle_jours",
                violation_error_message=_("Une règle ne peut finir avant d’avoir commencé."),
            ),
            ExclusionConstraint(
                name="comptabilite_regle_ambigue",
                expressions=[
                    (nom, RangeOperators.EQUAL) for nom in ("tenant", "type_fait", "role", *imputation.CRITERES)
                ]
                + [(_validite(), RangeOperators.OVERLAPS)],
                violation_error_message=_(
                    "Une autre règle porte déjà ces mêmes critères à ces dates : on ne saurait laquelle choisir."
                ),
                violation_error_code="imputation-rule-ambiguous",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [role_label(self.role), criteres_lisibles(self.criteres)]))

    def save(self, *args: object, **kwargs: object) -> None:
        for nom, valeur in imputation.normaliser_criteres(self.criteres).items():
            setattr(self, nom, valeur)
        super().save(*args, **kwargs)

    @property
    def criteres(self) -> dict[str, str]:
        """The criteria that this rule names."""
        return {nom: getattr(self, nom) for nom in imputation.CRITERES if getattr(self, nom)}

    def en_regle(self) -> imputation.Regle:
        """This row as the pure computation reads it; it asks for its account and journal."""
        return imputation.Regle(
            id=self.id,
            type_fait=self.type_fait,
            role=self.role,
            sens=imputation.Sens(self.sens),
            compte=self.compte_id,
            journal=self.journal_id,
            criteres=self.criteres,
            valide_du=self.valide_du,
            valide_au=self.valide_au,
            utilisable=self.compte.actif and self.compte.imputable and self.journal.actif,
        )
