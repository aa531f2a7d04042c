"""The chart of accounts: one hierarchy, the act's numbers first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, CharField, F, Max, Q, Sum, Value, When
from django.db.models.functions import Greatest, Length, RPad, Substr
from django.db.models.lookups import Exact
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.choices import SensNormal, TypeCompte
from apps.comptabilite.grand_livre.models.ecriture import TotalCompte
from apps.comptabilite.grand_livre.transitions import POSTEES
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now

LONGUEUR_AFFICHEE = 6
CLASSES = [(str(n), format_lazy(_("Classe {n}"), n=n)) for n in range(1, 10)]


class CompteComptable(TenantOwned):
    """An account. Source: comptabilite.md, `compte_comptable` and `comptecomptable`, which are one here.

    `numero` is the act's and identifies the account; `numero_affiche` is what ledgers and exports
    show: padded to six digits where entries may be posted, as it is for a heading.
    """

    numero = models.CharField(_("numéro"), max_length=10)
    numero_affiche = models.GeneratedField(
        expression=Case(
            When(imputable=True, then=RPad("numero", Greatest(Length("numero"), LONGUEUR_AFFICHEE), Value("0"))),
            default=F("numero"),
        ),
        output_field=CharField(_("numéro affiché"), max_length=10),
        db_persist=True,
        verbose_name=_("numéro affiché"),
    )
    libelle = models.CharField(_("libellé"), max_length=200)
    classe = models.CharField(_("classe"), max_length=1, choices=CLASSES)
    type_compte = models.CharField(_("type"), max_length=20, choices=TypeCompte)
    sens_normal = models.CharField(_("solde habituel"), max_length=6, choices=SensNormal)
    compte_parent = TenantForeignKey(
        "self", null=True, blank=True, related_name="sous_comptes", verbose_name=_("compte parent")
    )
    description = models.TextField(_("description"), blank=True)
    imputable = models.BooleanField(_("reçoit des écritures"), default=True)
    collectif = models.BooleanField(
        _("détaillé par tiers"), default=False, help_text=_("Ses lignes portent le tiers du fait.")
    )
    actif = models.BooleanField(_("actif"), default=True)
    date_creation = models.DateTimeField(_("créé le"), default=now, editable=False)

    class Meta:
        verbose_name = _("compte")
        verbose_name_plural = _("comptes du plan comptable")
        ordering = ["numero"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "numero"],
                name="comptabilite_compte_numero",
                violation_error_message=_("Ce numéro désigne déjà un compte."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "numero_affiche"],
                condition=Q(imputable=True),
                name="comptabilite_compte_affiche",
                violation_error_message=_("Complété à six chiffres, ce numéro est celui d’un autre compte."),
            ),
            models.CheckConstraint(
                condition=Q(numero__regex=r"^[1-9][0-9]{0,9}$"),
                name="comptabilite_compte_chiffres",
                violation_error_message=_("Un numéro de compte a 1 à 10 chiffres et ne commence pas par zéro."),
            ),
            models.CheckConstraint(
                condition=Q(Exact(F("classe"), Substr("numero", 1, 1))),
                name="comptabilite_compte_classe",
                violation_error_message=_("La classe est le premier chiffre du numéro."),
            ),
            models.CheckConstraint(
                condition=Q(compte_parent__isnull=False) | Q(numero__regex=r"^[1-9]$"),
                name="comptabilite_compte_parent",
                violation_error_message=_("Seule une classe n’a pas de compte parent."),
            ),
            models.CheckConstraint(
                condition=Q(type_compte__in=TypeCompte.values) & Q(sens_normal__in=SensNormal.values),
                name="comptabilite_compte_type",
                violation_error_message=_("Ce type de compte n’existe pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.numero} {self.libelle}"

    def clean(self) -> None:
        """Say before the database does that a sub-account begins with its parent's number."""
        super().clean()
        parent = self.compte_parent
        if parent is not None and (not self.numero.startswith(parent.numero) or self.numero == parent.numero):
            raise ValidationError(
                {"numero": _("Le numéro doit commencer par celui de son compte parent (%s).") % parent.numero}
            )

    @property
    def code(self) -> str:
        """The documents' other name for the number."""
        return self.numero_affiche

    @property
    def comptes_dessous(self) -> list[UUID]:
        """The account itself, or for a heading the accounts below it that receive entries.

        Read apart, since under row security a LIKE on the number would keep PostgreSQL from every index.
        """
        if self.imputable:
            return [self.pk]
        dessous = CompteComptable.objects.filter(numero__startswith=self.numero, imputable=True)
        return list(dessous.values_list("id", flat=True))

    @property
    def solde(self) -> Decimal:
        """Debits less credits of every posted entry in the tenant's currency, sub-accounts included.

        Read from the totals, never from the lines; drafts are not counted.
        """
        sommes = self._totaux().filter(devise=F("tenant__currency")).aggregate(debit=Sum("debit"), credit=Sum("credit"))
        return (sommes["debit"] or Decimal(0)) - (sommes["credit"] or Decimal(0))

    @property
    def derniere_utilisation(self) -> date | None:
        """Day of the latest entry on this account or its sub-accounts, None when it was never used."""
        return self._totaux().filter(nombre__gt=0).aggregate(jour=Max("jour"))["jour"]

    def _totaux(self) -> models.QuerySet[TotalCompte]:
        """Posted totals of the account and its sub-accounts, drafts apart."""
        return TotalCompte.objects.filter(compte_id__in=self.comptes_dessous, statut__in=POSTEES)
