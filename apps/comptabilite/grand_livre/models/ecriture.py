"""Entries and their lines. The runtime role only reads them: functions in `sql/` write."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.transitions import A_VALIDER, BROUILLON, ECRITURE, VALIDEE
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.organisations.models import User
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection
from apps.socle.models import Fait


class Ecriture(TenantOwned):
    """An entry of one journal. Source: comptabilite.md, `ecriture`.

    Born A_VALIDER without number; validated, it takes its ECR number and never changes again.
    `montant` is the total of its debits and `nombre_lignes` how many lines it has: a deferred trigger
    holds the lines to both, so a later line, even a balanced pair, is refused.
    """

    journal = TenantForeignKey("comptabilite.Journal", related_name="ecritures", verbose_name=_("journal"))
    periode = TenantForeignKey("comptabilite.Periode", related_name="ecritures", verbose_name=_("période"))
    fait = TenantForeignKey(Fait, null=True, related_name="+", verbose_name=_("fait"))
    date_ecriture = models.DateField(_("date"))
    libelle = models.CharField(_("libellé"), max_length=255)
    piece_justificative = models.CharField(_("pièce justificative"), max_length=100, blank=True)
    devise = CurrencyField(_("devise"))
    montant = MoneyField(_("montant"))
    nombre_lignes = models.PositiveIntegerField(_("nombre de lignes"))
    statut = models.CharField(_("état"), max_length=20, choices=[(s, ECRITURE.labels[s]) for s in ECRITURE.states()])
    numero_ecriture = models.CharField(_("numéro"), max_length=50, null=True, blank=True)
    auteur_type = models.CharField(_("genre d’auteur"), max_length=10)
    auteur_id = models.UUIDField(_("auteur"), null=True)
    auteur_libelle = models.CharField(_("auteur"), max_length=255)
    comptable = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("comptable")
    )
    validee_le = models.DateTimeField(_("validée le"), null=True, blank=True)
    date_creation = models.DateTimeField(_("créée le"), default=now)
    date_modification = models.DateTimeField(_("modifiée le"), default=now)

    protection = Protection(
        living_by_state={
            BROUILLON: ("statut", "montant", "nombre_lignes", "date_modification"),
            A_VALIDER: ("statut", "numero_ecriture", "comptable_id", "validee_le", "date_modification"),
        },
        state="statut",
        transitions=ECRITURE,
        runtime="select",
    )

    class Meta:
        verbose_name = _("écriture")
        verbose_name_plural = _("écritures")
        ordering = ["-date_ecriture", "-id"]
        permissions = [("valider_ecriture", "Valider des écritures")]
        indexes = [
            models.Index(fields=["tenant", "-date_ecriture", "-id"], name="comptabilite_ecr_date"),
            models.Index(fields=["tenant", "journal", "date_ecriture"], name="comptabilite_ecr_journal"),
            models.Index(
                fields=["tenant", "periode"], condition=Q(statut=A_VALIDER), name="comptabilite_ecr_a_valider"
            ),
        ]
        constraints = [
            ECRITURE.check_constraint("comptabilite_ecriture_statut"),
            models.UniqueConstraint(
                fields=["tenant", "numero_ecriture"],
                name="comptabilite_ecriture_numero",
                violation_error_message=_("Ce numéro d’écriture est déjà pris."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "fait", "journal"],
                name="comptabilite_ecriture_fait",
                violation_error_message=_("Ce fait est déjà comptabilisé dans ce journal."),
            ),
            models.CheckConstraint(
                condition=Q(
                    statut=VALIDEE, numero_ecriture__isnull=False, validee_le__isnull=False, comptable__isnull=False
                )
                | (
                    ~Q(statut=VALIDEE)
                    & Q(numero_ecriture__isnull=True, validee_le__isnull=True, comptable__isnull=True)
                ),
                name="comptabilite_ecriture_validee",
                violation_error_message=_("Une écriture a un numéro quand elle est validée, et alors seulement."),
            ),
            models.CheckConstraint(
                condition=Q(statut=BROUILLON) | Q(nombre_lignes__gte=2, montant__gt=0),
                name="comptabilite_ecriture_lignes",
                violation_error_message=_("Une écriture a au moins deux lignes."),
            ),
            exact_amounts("comptabilite_ecriture_montant", "montant", currency="devise"),
        ]

    def __str__(self) -> str:
        return self.numero_ecriture or f"{self.get_statut_display()} · {self.libelle}"

    @property
    def est_modifiable(self) -> bool:
        """Whether imputation may still change a line's account."""
        return self.statut == A_VALIDER


class LigneEcriture(TenantOwned):
    """A line: one side, one account. Source: comptabilite.md, `ligne_ecriture`.

    `jour` and `devise` repeat the entry's, so that an account is read without joining; the balance
    trigger holds them equal. The account lives while the entry is A_VALIDER (trigger in `sql/`).
    """

    ecriture = TenantForeignKey(Ecriture, related_name="lignes", verbose_name=_("écriture"))
    ordre = models.PositiveSmallIntegerField(_("ordre"))
    compte = TenantForeignKey("comptabilite.CompteComptable", related_name="lignes", verbose_name=_("compte"))
    tiers = TenantForeignKey("organisations.Tiers", null=True, blank=True, related_name="+", verbose_name=_("tiers"))
    libelle = models.CharField(_("libellé"), max_length=255)
    montant_debit = MoneyField(_("débit"), default=0)
    montant_credit = MoneyField(_("crédit"), default=0)
    devise = CurrencyField(_("devise"))
    jour = models.DateField(_("date"))
    regle = TenantForeignKey("comptabilite.RegleImputation", null=True, related_name="+", verbose_name=_("règle"))

    protection = Protection(living=("compte_id",), runtime="select")

    class Meta:
        verbose_name = _("ligne d’écriture")
        verbose_name_plural = _("lignes d’écriture")
        ordering = ["ecriture", "ordre"]
        indexes = [
            models.Index(fields=["tenant", "compte", "jour", "ecriture", "ordre"], name="comptabilite_ligne_compte"),
            models.Index(fields=["tenant", "tiers", "jour"], name="comptabilite_ligne_tiers"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ecriture", "ordre"],
                name="comptabilite_ligne_ordre",
                violation_error_message=_("Deux lignes ne peuvent tenir la même place."),
            ),
            models.CheckConstraint(
                condition=Q(montant_debit__gt=0, montant_credit=0) | Q(montant_debit=0, montant_credit__gt=0),
                name="comptabilite_ligne_sens",
                violation_error_message=_("Une ligne porte un montant au débit ou au crédit, jamais aux deux."),
            ),
            exact_amounts("comptabilite_ligne_montant", "montant_debit", "montant_credit", currency="devise"),
        ]

    def __str__(self) -> str:
        return self.libelle

    @property
    def solde(self) -> Decimal:
        """Debit less credit."""
        return self.montant_debit - self.montant_credit


class TotalCompte(TenantOwned):
    """Debits and credits of an account, a day, a currency and a status; kept by triggers, read by everyone."""

    compte = TenantForeignKey("comptabilite.CompteComptable", related_name="totaux", verbose_name=_("compte"))
    jour = models.DateField(_("jour"))
    statut = models.CharField(_("état"), max_length=20)
    devise = CurrencyField(_("devise"))
    debit = MoneyField(_("débit"))
    credit = MoneyField(_("crédit"))
    nombre = models.IntegerField(_("nombre de lignes"))

    protection = Protection(
        living=("debit", "credit", "nombre"),
        runtime="select",
    )

    class Meta:
        verbose_name = _("total d’un compte")
        verbose_name_plural = _("totaux des comptes")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "compte", "jour", "statut", "devise"],
                name="comptabilite_total_unique",
                violation_error_message=_("Ce total existe déjà."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jour} {self.debit} {self.credit}"
