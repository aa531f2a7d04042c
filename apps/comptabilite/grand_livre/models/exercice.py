"""Accounting time: exercises and their periods. It is not the chain's calendar of days."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.transitions import FERMEE, OUVERTE, PERIODE
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.immutability import Protection


def _jours() -> Func:
    """The days from `debut` to `fin`, both included, as a range."""
    return Func(F("debut"), F("fin"), Value("[]"), function="daterange", output_field=DateRangeField())


class Exercice(TenantOwned):
    """An accounting year. Its days are fixed once it is open."""

    code = models.CharField(_("code"), max_length=10)
    debut = models.DateField(_("premier jour"))
    fin = models.DateField(_("dernier jour"))

    protection = Protection()

    class Meta:
        verbose_name = _("exercice")
        verbose_name_plural = _("exercices")
        ordering = ["debut"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="comptabilite_exercice_code",
                violation_error_message=_("Cet exercice est déjà ouvert."),
            ),
            models.CheckConstraint(
                condition=Q(fin__gt=F("debut")),
                name="comptabilite_exercice_jours",
                violation_error_message=_("Un exercice finit après avoir commencé."),
            ),
            ExclusionConstraint(
                name="comptabilite_exercice_chevauche",
                expressions=[("tenant", RangeOperators.EQUAL), (_jours(), RangeOperators.OVERLAPS)],
                violation_error_message=_("Ces jours appartiennent déjà à un autre exercice."),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Periode(TenantOwned):
    """A month of an exercise, open or closed. Nothing is posted to a closed one."""

    exercice = TenantForeignKey(Exercice, related_name="periodes", verbose_name=_("exercice"))
    code = models.CharField(_("code"), max_length=10)
    debut = models.DateField(_("premier jour"))
    fin = models.DateField(_("dernier jour"))
    statut = models.CharField(
        _("état"), max_length=10, choices=[(s, PERIODE.labels[s]) for s in PERIODE.states()], default=OUVERTE
    )
    fermee_le = models.DateTimeField(_("clôturée le"), null=True, blank=True)
    fermee_par = models.CharField(_("clôturée par"), max_length=255, blank=True)

    protection = Protection(
        living_by_state={OUVERTE: ("statut", "fermee_le", "fermee_par")}, state="statut", transitions=PERIODE
    )

    class Meta:
        verbose_name = _("période comptable")
        verbose_name_plural = _("périodes comptables")
        ordering = ["debut"]
        permissions = [("fermer_periode", "Clôturer une période comptable")]
        constraints = [
            PERIODE.check_constraint("comptabilite_periode_statut"),
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="comptabilite_periode_code",
                violation_error_message=_("Cette période est déjà ouverte."),
            ),
            models.CheckConstraint(
                condition=Q(fin__gte=F("debut")),
                name="comptabilite_periode_jours",
                violation_error_message=_("Une période finit après avoir commencé."),
            ),
            models.CheckConstraint(
                condition=Q(statut=FERMEE, fermee_le__isnull=False) | Q(statut=OUVERTE, fermee_le__isnull=True),
                name="comptabilite_periode_fermee",
                violation_error_message=_("Une période clôturée dit quand elle l’a été."),
            ),
            ExclusionConstraint(
                name="comptabilite_periode_chevauche",
                expressions=[("tenant", RangeOperators.EQUAL), (_jours(), RangeOperators.OVERLAPS)],
                violation_error_message=_("Ces jours appartiennent déjà à une autre période."),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def est_ouverte(self) -> bool:
        return self.statut == OUVERTE
