"""Facts that no rule could post: visible, and blocking their accounting period."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.choices import Motif
from apps.comptabilite.grand_livre.transitions import ATTENTE, EN_ATTENTE, RESOLUE
from apps.organisations.base import TenantOneToOneField, TenantOwned
from apps.organisations.models import User
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField
from apps.socle.immutability import Protection
from apps.socle.models import Fait


class ImputationEnAttente(TenantOwned):
    """A fact that waits for a rule, written in the fact's own transaction.

    `manques` lists what stopped it: [{motif, role, criteres, montant, journal}], as it was on that day.
    `montant` is the sum of the fact's largest side, for the list; nothing is posted from it.
    """

    fait = TenantOneToOneField(Fait, related_name="+", verbose_name=_("fait"))
    date_fait = models.DateField(_("date du fait"))
    motif = models.CharField(_("motif"), max_length=20, choices=Motif)
    manques = models.JSONField(_("ce qui manque"), encoder=DjangoJSONEncoder)
    devise = CurrencyField(_("devise"))
    montant = MoneyField(_("montant"))
    cree_le = models.DateTimeField(_("depuis le"), default=now)
    statut = models.CharField(
        _("état"), max_length=12, choices=[(s, ATTENTE.labels[s]) for s in ATTENTE.states()], default=EN_ATTENTE
    )
    resolue_le = models.DateTimeField(_("résolue le"), null=True, blank=True)
    resolue_par = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("résolue par")
    )

    protection = Protection(
        living_by_state={EN_ATTENTE: ("statut", "resolue_le", "resolue_par_id")}, state="statut", transitions=ATTENTE
    )

    class Meta:
        verbose_name = _("imputation en attente")
        verbose_name_plural = _("imputations en attente")
        ordering = ["date_fait", "id"]
        permissions = [("resoudre_imputation", "Résoudre une imputation en attente")]
        indexes = [
            models.Index(
                fields=["tenant", "date_fait"], condition=Q(statut=EN_ATTENTE), name="comptabilite_attente_idx"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(motif__in=Motif.values),
                name="comptabilite_attente_motif",
                violation_error_message=_("Ce motif n’existe pas."),
            ),
            ATTENTE.check_constraint("comptabilite_attente_statut"),
            models.CheckConstraint(
                condition=Q(statut=EN_ATTENTE, resolue_le__isnull=True, resolue_par__isnull=True)
                | Q(statut=RESOLUE, resolue_le__isnull=False, resolue_par__isnull=False),
                name="comptabilite_attente_resolue",
                violation_error_message=_("Une imputation résolue dit quand et par qui."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_motif_display()} · {self.date_fait}"
