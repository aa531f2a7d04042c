"""A till, and a session of it: from the float to the count."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import StatutSession
from apps.comptabilite.caisse.transitions import SESSION_CAISSE
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection

FERMEE = StatutSession.FERMEE.value
OUVERTE = StatutSession.OUVERTE.value


class Caisse(TenantOwned):
    """A till: a drawer of cash with its own treasury sub-account (571)."""

    code = models.CharField(_("code"), max_length=10)
    libelle = models.CharField(_("libellé"), max_length=100)
    actif = models.BooleanField(_("en service"), default=True)

    class Meta:
        verbose_name = _("caisse")
        verbose_name_plural = _("caisses")
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="comptabilite_caisse_code",
                violation_error_message=_("Ce code désigne déjà une caisse."),
                violation_error_code="till-code-taken",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class SessionCaisse(TenantOwned):
    """One cashier at one till, from the float `fonds` to the count `compte`; amounts in `devise`.

    `attendu` is the float and the cash taken, `ecart` what was counted beyond it (negative: missing).
    A session of a takeover (`reprise`) has no float and closes without a count: nobody knows what lay
    in the drawer. It takes no place at the counter, so the living go on working beside it.
    """

    caisse = TenantForeignKey(Caisse, verbose_name=_("caisse"), related_name="sessions")
    caissier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("caissier"), related_name="+")
    ouverte_le = models.DateTimeField(_("ouverte le"))
    fonds = MoneyField(_("fonds de caisse"))
    devise = CurrencyField(_("devise"))
    statut = models.CharField(_("état"), max_length=10, choices=StatutSession, default=StatutSession.OUVERTE)
    fermee_le = models.DateTimeField(_("fermée le"), null=True, blank=True)
    attendu = MoneyField(_("montant attendu"), null=True, blank=True)
    compte = MoneyField(_("montant compté"), null=True, blank=True)
    ecart = MoneyField(_("écart"), null=True, blank=True)
    motif_ecart = models.TextField(_("motif de l’écart"), blank=True)
    reprise = TenantForeignKey(
        "comptabilite.RepriseCaisse", null=True, blank=True, verbose_name=_("reprise"), related_name="sessions"
    )

    protection = Protection(
        living=("statut",),
        living_by_state={OUVERTE: ("fermee_le", "attendu", "compte", "ecart", "motif_ecart")},
        state="statut",
        transitions=SESSION_CAISSE,
    )

    class Meta:
        verbose_name = _("session de caisse")
        verbose_name_plural = _("sessions de caisse")
        ordering = ("-ouverte_le", "-id")
        permissions = [("tenir_caisse", "Ouvrir et fermer sa caisse")]
        indexes = [models.Index(fields=["tenant", "caisse", "-ouverte_le"], name="comptabilite_session_caisse")]
        constraints = [
            SESSION_CAISSE.check_constraint("comptabilite_session_statut"),
            exact_amounts("comptabilite_session_exacts", "fonds", "attendu", "compte", "ecart", currency="devise"),
            models.UniqueConstraint(
                fields=["tenant", "caisse"],
                condition=Q(statut=OUVERTE, reprise=None),
                name="comptabilite_session_une_par_caisse",
                violation_error_message=_("Cette caisse est déjà ouverte."),
                violation_error_code="till-already-open",
            ),
            models.UniqueConstraint(
                fields=["tenant", "caissier"],
                condition=Q(statut=OUVERTE, reprise=None),
                name="comptabilite_session_une_par_caissier",
                violation_error_message=_("Vous avez déjà une caisse ouverte : fermez-la d’abord."),
                violation_error_code="cashier-already-open",
            ),
            models.CheckConstraint(
                condition=Q(fonds__gte=0)
                & (Q(compte__isnull=True) | Q(compte__gte=0))
                & (Q(reprise__isnull=True) | Q(fonds=0)),
                name="comptabilite_session_montants",
                violation_error_message=_("Le fonds et le montant compté ne peuvent pas être négatifs."),
                violation_error_code="negative-amount",
            ),
            models.CheckConstraint(
                condition=Q(statut=OUVERTE, fermee_le=None, attendu=None, compte=None, ecart=None)
                | Q(
                    statut=FERMEE,
                    fermee_le__gte=F("ouverte_le"),
                    reprise=None,
                    compte__isnull=False,
                    ecart=F("compte") - F("attendu"),
                )
                | Q(
                    statut=FERMEE,
                    fermee_le__gte=F("ouverte_le"),
                    reprise__isnull=False,
                    attendu__isnull=False,
                    compte=None,
                    ecart=None,
                ),
                name="comptabilite_session_comptee",
                violation_error_message=_("Une caisse se ferme avec son comptage, et son écart en est la différence."),
                violation_error_code="till-count-required",
            ),
            models.CheckConstraint(
                condition=Q(ecart=None) | Q(ecart=0) | ~Q(motif_ecart=""),
                name="comptabilite_session_motif_ecart",
                violation_error_message=_("Un écart de caisse demande un motif."),
                violation_error_code="difference-reason-required",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.caisse_id} {self.ouverte_le:%d/%m/%Y}"

    @property
    def est_ouverte(self) -> bool:
        return self.statut == OUVERTE

    @property
    def sans_comptage(self) -> bool:
        """Tell whether it was taken over from paper, where nobody counted the drawer."""
        return self.reprise_id is not None
