"""The hospital itself: what patients, insurers and maps know of a tenant that cares for people."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned


class Hospital(TenantOwned):
    """One a tenant; books, currency and tax numbers are the tenant's. Source: assurance.md, `hospitals`."""

    tenant = models.OneToOneField(
        "organisations.Tenant",
        models.PROTECT,
        editable=False,
        related_name="hospital",
        verbose_name=_("établissement"),
    )
    nom = models.CharField(_("nom"), max_length=200)
    adresse = models.CharField(_("adresse"), max_length=500, blank=True)
    ville = models.CharField(_("ville"), max_length=100, blank=True)
    pays = models.CharField(_("pays"), max_length=100, blank=True)
    code_postal = models.CharField(_("code postal"), max_length=20, blank=True)
    telephone = models.CharField(_("téléphone"), max_length=50, blank=True)
    email = models.EmailField(_("adresse électronique"), max_length=255, blank=True)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=10,
        decimal_places=8,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=11,
        decimal_places=8,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    est_actif = models.BooleanField(_("en activité"), default=True)
    specialites = models.TextField(_("spécialités"), blank=True)
    capacite_lits = models.PositiveIntegerField(_("nombre de lits"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    medecin_referent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("médecin référent"),
    )

    class Meta:
        verbose_name = _("hôpital")
        verbose_name_plural = _("hôpitaux")

    def __str__(self) -> str:
        return self.nom
