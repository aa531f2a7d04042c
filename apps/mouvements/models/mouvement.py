"""What a fact changed on a third party's account."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.mouvements.choices import MOYENS, Sens, Statut, TypeMouvement
from apps.mouvements.transitions import MOUVEMENT
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class MouvementFinancier(TenantOwned):
    """One movement of one third party, born of one fact; its amount, in `devise`, never changes.

    `montant_regle` is the part that movements of the other direction have matched, and `statut`
    follows from it. `reference_origine` and `module_origine` name the document of the fact.
    Source: mouvements.md, `Mouvement_Financier`.
    """

    tiers = TenantForeignKey("organisations.Tiers", related_name="mouvements", verbose_name=_("tiers"))
    fait = TenantForeignKey("socle.Fait", related_name="mouvements", verbose_name=_("fait"))
    type_mouvement = models.CharField(_("type"), max_length=24, choices=TypeMouvement)
    sens = models.CharField(_("sens"), max_length=6, choices=Sens)
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))
    montant_regle = MoneyField(_("montant réglé"), default=0)
    date_mouvement = models.DateTimeField(_("date"))
    date_echeance = models.DateField(_("échéance"), null=True)
    methode_paiement = models.CharField(_("moyen de paiement"), max_length=100, blank=True)
    statut = models.CharField(_("statut"), max_length=20, choices=Statut, default=Statut.EN_ATTENTE)
    utilisateur = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("utilisateur")
    )
    acteur_libelle = models.CharField(_("acteur"), max_length=255)
    numero_piece_comptable = models.CharField(_("pièce"), max_length=50)
    penalites = MoneyField(_("pénalités"), default=0)
    motif = models.TextField(_("motif"), blank=True)
    reference_origine = models.CharField(_("référence d’origine"), max_length=60)
    module_origine = models.CharField(_("module d’origine"), max_length=60)
    date_creation = models.DateTimeField(_("créé le"), default=now, editable=False)
    date_modification = models.DateTimeField(_("modifié le"), default=now, editable=False)

    protection = Protection(
        living=("statut", "montant_regle", "date_modification"), state="statut", transitions=MOUVEMENT
    )

    class Meta:
        verbose_name = _("mouvement financier")
        verbose_name_plural = _("mouvements financiers")
        ordering = ["-date_mouvement", "-id"]
        permissions = [("exporter_mouvements", "Exporter les comptes de tiers")]
        indexes = [
            models.Index(fields=["tenant", "tiers", "date_mouvement", "id"], name="mouvements_mvt_tiers"),
            models.Index(
                fields=["tenant", "tiers", "devise", "sens", "date_mouvement"],
                condition=~Q(statut=Statut.PAYE),
                name="mouvements_mvt_ouverts",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "fait", "tiers"],
                name="mouvements_mvt_fait",
                violation_error_message=_("Ce fait a déjà son mouvement sur ce tiers."),
                violation_error_code="movement-taken",
            ),
            MOUVEMENT.check_constraint("mouvements_mvt_statut"),
            models.CheckConstraint(
                condition=Q(type_mouvement__in=TypeMouvement.values, sens__in=Sens.values),
                name="mouvements_mvt_mots",
                violation_error_message=_("Type ou sens de mouvement inconnu."),
                violation_error_code="movement-word-unknown",
            ),
            models.CheckConstraint(
                condition=Q(montant__gt=0, penalites__gte=0),
                name="mouvements_mvt_montant",
                violation_error_message=_("Le montant d’un mouvement est supérieur à zéro."),
                violation_error_code="movement-not-positive",
            ),
            models.CheckConstraint(
                condition=Q(statut=Statut.EN_ATTENTE, montant_regle=0)
                | Q(statut=Statut.PARTIELLEMENT_PAYE, montant_regle__gt=0, montant_regle__lt=F("montant"))
                | Q(statut=Statut.PAYE, montant_regle=F("montant")),
                name="mouvements_mvt_regle",
                violation_error_message=_("Le statut d’un mouvement suit le montant réglé."),
                violation_error_code="movement-status-wrong",
            ),
            exact_amounts("mouvements_mvt_precision", "montant", "montant_regle", "penalites", currency="devise"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_mouvement_display()} {self.numero_piece_comptable}"

    @property
    def reste(self) -> Decimal:
        """What no movement of the other direction has matched yet, in `devise`."""
        return self.montant - self.montant_regle

    @property
    def moyens(self) -> str:
        """The means of payment in words: « Espèces, Paiement mobile »."""
        return ", ".join(str(MOYENS.get(moyen, moyen)) for moyen in self.methode_paiement.split(", "))

    @property
    def debit(self) -> Decimal | None:
        return self.montant if self.sens == Sens.DEBIT else None

    @property
    def credit(self) -> Decimal | None:
        return self.montant if self.sens == Sens.CREDIT else None

    @property
    def montant_signe(self) -> Decimal:
        """The amount as it changes what the third party owes us."""
        return self.montant if self.sens == Sens.DEBIT else -self.montant
