"""A closing: one day, month or year of the chain, sealed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import ActorType, ClosingStatus, ClosingType, Environment
from apps.organisations.base import TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class FiscalClosing(TenantOwned):
    """What a period of the chain came to, inserted whole and never changed.

    It covers the links `first_sequence` to `last_sequence` (an empty period: the first is one more than the last)
    and ends before its own link, which its fact leaves in the chain. `data_canonical` holds every column but those
    computed from it; `sql/30_closing.sql` ties both, and the closing to the chain and to the closings before it.
    `totals` and `perpetual_totals` are amounts as strings by currency; the balances are the turnover invoiced, tax
    included, since the chain's beginning, before and after the period, in `currency`.
    Source: facturation-fiscal.md, `fiscal_closings`; docs/fiscal-format.md.
    """

    closing_type = models.CharField(_("périodicité"), max_length=10, choices=ClosingType.choices)
    closing_date = models.DateField(_("dernier jour"))
    period_start = models.DateField(_("premier jour"))
    first_sequence = models.BigIntegerField(_("premier maillon"))
    last_sequence = models.BigIntegerField(_("dernier maillon"))
    entries_count = models.BigIntegerField(_("maillons"))
    head_hash = models.CharField(_("empreinte de tête"), max_length=64)
    totals = models.JSONField(_("totaux de la période"))
    perpetual_totals = models.JSONField(_("totaux perpétuels"))
    opening_balance = MoneyField(_("cumul facturé à l’ouverture"))
    closing_balance = MoneyField(_("cumul facturé à la clôture"))
    currency = CurrencyField(_("devise"))
    total_operations = models.BigIntegerField(_("opérations"))
    merkle_root = models.CharField(_("racine de Merkle"), max_length=64)
    merkle_frontier = models.JSONField(_("frontière de Merkle"))
    unfinished = models.JSONField(_("ce qui n’était pas terminé"))
    previous_closing_hash = models.CharField(_("empreinte de la clôture précédente"), max_length=64)
    data_canonical = models.BinaryField(_("octets canoniques"))
    data_hash = models.CharField(_("empreinte des données"), max_length=64)
    closing_hash = models.CharField(_("empreinte de la clôture"), max_length=64)
    signature = models.BinaryField(_("signature"))
    key_id = models.CharField(_("clé"), max_length=16)
    algorithm = models.CharField(_("algorithme"), max_length=40)
    status = models.CharField(_("état"), max_length=10, choices=ClosingStatus.choices, default=ClosingStatus.COMPLETED)
    fec_export_path = models.CharField(_("export FEC"), max_length=255, null=True)
    actor_type = models.CharField(_("type d’acteur"), max_length=10, choices=ActorType.choices)
    actor_id = models.UUIDField(_("acteur"), null=True)
    actor_label = models.CharField(_("clôturé par"), max_length=255)
    environment = models.CharField(_("environnement"), max_length=12, choices=Environment.choices)
    closed_at = models.DateTimeField(_("clôturé le"))
    created_at = models.DateTimeField(_("créé le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("clôture")
        verbose_name_plural = _("clôtures")
        ordering = ["-closing_date", "closing_type"]
        permissions = [("close_period", _("Peut clôturer un jour, un mois ou une année"))]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "closing_type", "closing_date"],
                name="fiscal_closing_once",
                violation_error_message=_("Cette période est déjà clôturée."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "previous_closing_hash"],
                name="fiscal_closing_no_fork",
                violation_error_message=_("Une autre clôture vient d’être faite : recommencez."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "closing_hash"],
                name="fiscal_closing_hash_once",
                violation_error_message=_("Cette clôture existe déjà."),
            ),
            models.CheckConstraint(
                name="fiscal_closing_words",
                condition=Q(
                    closing_type__in=ClosingType.values,
                    status=ClosingStatus.COMPLETED,
                    environment__in=Environment.values,
                    actor_type__in=ActorType.values,
                ),
                violation_error_message=_("Une clôture est faite en entier, pour un jour, un mois ou une année."),
            ),
            models.CheckConstraint(
                name="fiscal_closing_count",
                condition=Q(
                    first_sequence__gte=1,
                    entries_count__gte=0,
                    total_operations__gte=0,
                    total_operations__lte=F("entries_count"),
                    entries_count=F("last_sequence") - F("first_sequence") + 1,
                ),
                violation_error_message=_("Une clôture compte tous les maillons qu’elle couvre."),
            ),
            models.CheckConstraint(
                name="fiscal_closing_moment",
                condition=Q(created_at=F("closed_at")),
                violation_error_message=_("Une clôture naît au moment où elle est faite."),
            ),
            exact_amounts("fiscal_closing_exact", "opening_balance", "closing_balance", currency="currency"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it: `CLO-2026-11-20`, `CLO-2026-11`, `CLO-2026`."""
        formats = {ClosingType.DAILY: "%Y-%m-%d", ClosingType.MONTHLY: "%Y-%m", ClosingType.YEARLY: "%Y"}
        return f"CLO-{self.closing_date.strftime(formats[ClosingType(self.closing_type)])}"
