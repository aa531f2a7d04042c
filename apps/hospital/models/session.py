"""A visit: a patient comes, is cared for, and leaves. (A till session is `comptabilite.SessionCaisse`.)"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.immutability import Protection


class Session(TenantOwned):
    """One open visit a patient and day; `jour` is the tenant's local business date.

    `motif` is health data: it reaches no log and no audit value.
    """

    patient = TenantForeignKey("hospital.Patient", related_name="sessions", verbose_name=_("patient"))
    service = TenantForeignKey(
        "hospital.Service", null=True, blank=True, related_name="sessions", verbose_name=_("service")
    )
    numero = models.CharField(_("numéro"), max_length=20)
    jour = models.DateField(_("jour"))
    ouverte_le = models.DateTimeField(_("ouverte le"))
    fermee_le = models.DateTimeField(_("fermée le"), null=True, blank=True)
    motif = models.TextField(_("motif"), blank=True)

    protection = Protection(living=("service_id", "fermee_le", "motif"))

    class Meta:
        verbose_name = _("visite")
        verbose_name_plural = _("visites")
        ordering = ["-jour", "-ouverte_le"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "numero"],
                name="hospital_session_numero",
                violation_error_message=_("Ce numéro désigne déjà une visite."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "patient", "jour"],
                condition=models.Q(fermee_le=None),
                name="hospital_session_ouverte",
                violation_error_message=_("Ce patient a déjà une visite ouverte ce jour-là."),
                violation_error_code="visit-already-open",
            ),
            models.CheckConstraint(
                condition=models.Q(fermee_le=None) | models.Q(fermee_le__gte=models.F("ouverte_le")),
                name="hospital_session_dates",
                violation_error_message=_("Une visite ne se ferme pas avant de s’ouvrir."),
                violation_error_code="visit-dates",
            ),
        ]

    def __str__(self) -> str:
        return self.numero
