"""A head of the chain, written outside the database."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import AnchorStatus, AnchorType
from apps.fiscal.models.closing import FiscalClosing
from apps.fiscal.models.entry import FiscalEntry
from apps.fiscal.transitions import ANCHOR_TRANSITIONS
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection


class FiscalAnchor(TenantOwned):
    """One head and one place where it is written: file, bucket or mailbox.

    The row is inserted `pending` in the transaction that made the head and delivered after it, at
    least once. `line` is what is written, signed when the row was made: every attempt writes the
    same. `day` is the local day whose head this is; the anchor of a closing has none.
    Source: facturation-fiscal.md, `fiscal_anchors`.
    """

    entry = TenantForeignKey(FiscalEntry, related_name="anchors", verbose_name=_("maillon"))
    sequence_number = models.BigIntegerField(_("numéro du maillon"))
    chain_hash = models.CharField(_("empreinte"), max_length=64)
    closing = TenantForeignKey(FiscalClosing, null=True, related_name="anchors", verbose_name=_("clôture"))
    closing_hash = models.CharField(_("empreinte de la clôture"), max_length=64, null=True)
    day = models.DateField(_("jour"), null=True)
    line = models.TextField(_("ligne"))
    anchor_type = models.CharField(_("où"), max_length=12, choices=AnchorType.choices)
    anchor_timestamp = models.DateTimeField(_("ancré le"), default=now)
    anchor_reference = models.CharField(_("référence"), max_length=500, null=True)
    proof_path = models.CharField(_("preuve"), max_length=500, null=True)
    status = models.CharField(_("état"), max_length=10, choices=AnchorStatus.choices, default=AnchorStatus.PENDING)
    attempts = models.IntegerField(_("essais"), default=0)
    last_error = models.TextField(_("dernière erreur"), blank=True)
    created_at = models.DateTimeField(_("créé le"), default=now)
    updated_at = models.DateTimeField(_("modifié le"), default=now)

    protection = Protection(
        living_by_state={
            AnchorStatus.PENDING.value: (
                "status",
                "anchor_reference",
                "proof_path",
                "attempts",
                "last_error",
                "updated_at",
            )
        },
        state="status",
        transitions=ANCHOR_TRANSITIONS,
    )

    class Meta:
        verbose_name = _("tête ancrée")
        verbose_name_plural = _("têtes ancrées")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="fiscal_anchor_words",
                condition=models.Q(anchor_type__in=AnchorType.values, status__in=AnchorStatus.values),
                violation_error_message=_("Cet ancrage n’existe pas."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "anchor_type", "day"],
                name="fiscal_anchor_one_day",
                violation_error_message=_("La tête de ce jour est déjà ancrée."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "anchor_type", "closing"],
                name="fiscal_anchor_one_closing",
                violation_error_message=_("La tête de cette clôture est déjà ancrée."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "created_at"],
                name="fiscal_anchor_waiting_idx",
                condition=models.Q(status=AnchorStatus.PENDING),
            ),
            models.Index(fields=["tenant", "-created_at"], name="fiscal_anchor_latest_idx"),
        ]

    @property
    def look(self) -> str:
        """The code under which screens know this state."""
        return f"anchor_{self.status}"

    @property
    def place(self) -> str:
        """Where it was written, short: the file, the bucket or the mailbox; empty while it waits."""
        return "/".join((self.anchor_reference or "").split("/")[:3])

    def __str__(self) -> str:
        return f"{self.sequence_number} {self.anchor_type}"
