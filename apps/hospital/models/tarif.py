"""What an act or an exam costs, from a day to a day."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.hospital.choices import TypeRecette
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection
from apps.socle.words import visible_words

CODE = r"^[A-Z0-9]([A-Z0-9 ._/+-]{0,48}[A-Z0-9.+])?$"
"""A code is typed at the till and read aloud: letters and digits of every keyboard, and what joins them."""
PROTECTION = Protection(living=("valide_au",))


class Tarif(TenantOwned):
    """The amount of `code` in `devise` from `valide_du` to `valide_au`, both included; None: until further notice.

    A row whose `valide_au` is the eve of its `valide_du` was replaced before it ever applied. Only
    `valide_au` changes: another price is another row. A code stands in one of the two tables on
    any day (hospital/sql). Sources: assurance.md §20 and §21.
    """

    code = models.CharField(_("code"), max_length=50)
    nom = models.CharField(_("désignation"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    type_recette = models.CharField(_("type de recette"), max_length=20, choices=TypeRecette)
    service = TenantForeignKey("hospital.Service", null=True, blank=True, related_name="+", verbose_name=_("service"))
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))
    valide_du = models.DateField(_("valable du"))
    valide_au = models.DateField(_("au"), null=True, blank=True)
    cle_recherche = models.CharField(max_length=350, editable=False)

    class Meta:
        abstract = True
        ordering = ["code", "-valide_du"]
        constraints = [
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_periode",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "valide_du",
                            "valide_au",
                            template="daterange(%(expressions)s::date + 1)",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Ce code a déjà un tarif sur cette période."),
                violation_error_code="tariff-overlap",
            ),
            models.CheckConstraint(
                condition=models.Q(montant__gte=0),
                name="%(app_label)s_%(class)s_montant",
                violation_error_message=_("Un tarif n’est pas négatif."),
                violation_error_code="amount-negative",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=CODE),
                name="%(app_label)s_%(class)s_code",
                violation_error_message=_(
                    "Un code s’écrit avec des lettres sans accent, des chiffres, et . / + - _ entre eux."
                ),
                violation_error_code="code-invalid",
            ),
            visible_words("%(app_label)s_%(class)s_visible", "nom"),
            exact_amounts("%(app_label)s_%(class)s_exact", "montant", currency="devise"),
            models.CheckConstraint(
                condition=models.Q(valide_au=None)
                | models.Q(
                    valide_au__gte=models.Func(
                        "valide_du", template="(%(expressions)s::date - 1)", output_field=models.DateField()
                    )
                ),
                name="%(app_label)s_%(class)s_dates",
                violation_error_message=_("La fin précède le début."),
                violation_error_code="dates-reversed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.nom}"

    @property
    def jamais_applique(self) -> bool:
        """Tell whether the row was replaced before it ever applied."""
        return self.valide_au is not None and self.valide_au < self.valide_du

    def vaut_le(self, le: dt.date) -> bool:
        """Tell whether the row applies on `le`."""
        return self.valide_du <= le and (self.valide_au is None or le <= self.valide_au)


class HospitalActTarif(Tarif):
    """An act's, a room's or a product's price: all that is not an exam."""

    protection = PROTECTION

    class Meta(Tarif.Meta):
        verbose_name = _("tarif d’acte")
        verbose_name_plural = _("tarifs des actes")
        permissions = [("enregistrer_tarif", "Fixer les tarifs")]


class HospitalExamTarif(Tarif):
    """A laboratory's or an imaging exam's price."""

    protection = PROTECTION

    class Meta(Tarif.Meta):
        verbose_name = _("tarif d’examen")
        verbose_name_plural = _("tarifs des examens")
