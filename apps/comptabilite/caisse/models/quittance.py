"""The receipt: one visit to the till, issued once, and its reprints."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.models.caisse import SessionCaisse
from apps.comptabilite.caisse.models.facture import FactureCaisse
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class Quittance(TenantOwned):
    """What was paid at the till in one go, by one or several means; `montant_paye` in `devise`.

    Source: comptabilite.md, `quittance`. `donnees` is what the paper says, frozen (amounts as
    text). Its means are rows (`paiements`), its lines those of its invoice. `code_verification` is
    printed beside the QR code. Living: what the accountant imputes afterwards.
    """

    numero_quittance = models.CharField(_("numéro"), max_length=50)
    facture = TenantForeignKey(FactureCaisse, verbose_name=_("facture"), related_name="quittances")
    session_caisse = TenantForeignKey(SessionCaisse, verbose_name=_("session de caisse"), related_name="quittances")
    session = TenantForeignKey("hospital.Session", verbose_name=_("passage"), related_name="quittances")
    caissier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("caissier"), related_name="+")
    date_paiement = models.DateTimeField(_("payée le"))
    montant_paye = MoneyField(_("montant payé"))
    devise = CurrencyField(_("devise"))
    motif = models.TextField(_("motif"), blank=True)
    code_verification = models.CharField(_("code de vérification"), max_length=14)
    donnees = models.JSONField(_("ce que dit le papier"), encoder=DjangoJSONEncoder)
    validee = models.BooleanField(_("validée"), default=False)
    compte_comptable = TenantForeignKey(
        "comptabilite.CompteComptable", null=True, blank=True, verbose_name=_("compte d’imputation"), related_name="+"
    )
    comptable_affectation = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("imputée par"), related_name="+"
    )
    date_affectation_compte = models.DateTimeField(_("imputée le"), null=True, blank=True)

    protection = Protection(
        living=("validee", "compte_comptable_id", "comptable_affectation_id", "date_affectation_compte")
    )

    class Meta:
        verbose_name = _("quittance")
        verbose_name_plural = _("quittances")
        ordering = ("-date_paiement", "-id")
        permissions = [
            ("encaisser", "Encaisser et remettre la quittance"),
            ("reimprimer_quittance", "Réimprimer une quittance"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-date_paiement", "-id"], name="comptabilite_quittance_date"),
            models.Index(fields=["tenant", "validee"], name="comptabilite_quittance_validee"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "numero_quittance"],
                name="comptabilite_quittance_numero",
                violation_error_message=_("Ce numéro de quittance existe déjà."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "code_verification"],
                name="comptabilite_quittance_code",
                violation_error_message=_("Ce code de vérification existe déjà."),
            ),
            exact_amounts("comptabilite_quittance_exacte", "montant_paye", currency="devise"),
            models.CheckConstraint(
                condition=Q(montant_paye__gt=0),
                name="comptabilite_quittance_montant",
                violation_error_message=_("Une quittance porte un montant supérieur à zéro."),
                violation_error_code="amount-required",
            ),
        ]

    def __str__(self) -> str:
        return self.numero_quittance


class DuplicataQuittance(TenantOwned):
    """A reprint: the first is number 1. What the paper says at its head."""

    quittance = TenantForeignKey(Quittance, verbose_name=_("quittance"), related_name="duplicatas")
    rang = models.PositiveSmallIntegerField(_("rang"))
    imprime_le = models.DateTimeField(_("réimprimé le"), default=now)
    imprime_par = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("réimprimé par"),
        related_name="+",
    )
    imprime_par_libelle = models.CharField(_("réimprimé par"), max_length=255)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("duplicata de quittance")
        verbose_name_plural = _("duplicatas de quittances")
        ordering = ("quittance", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "quittance", "rang"],
                name="comptabilite_duplicata_rang",
                violation_error_message=_("Ce duplicata est déjà imprimé."),
            ),
            models.CheckConstraint(
                condition=Q(rang__gt=0),
                name="comptabilite_duplicata_premier",
                violation_error_message=_("Le premier duplicata porte le numéro 1."),
            ),
        ]

    def __str__(self) -> str:
        return f"DUPLICATA {self.rang}"
