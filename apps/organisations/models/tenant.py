"""A tenant: whoever keeps books and a chain."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, UUID7Field, exact_amounts
from apps.socle.immutability import ALL, Protection
from apps.socle.row_security import tenant_rows
from apps.socle.scope import ScopedManager

# The first segment of its pages, and what follows the @ in its members' usernames.
SLUG = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"


class Tenant(models.Model):
    """Hospital, insurer, tontine operator or company; sandbox or production for life.

    Source: facturation-fiscal.md, `tenants`. Its slug, zone and state are repeated in
    socle.TenantRegistry, which is read before there is a scope.
    """

    class Kind(models.TextChoices):
        HOPITAL = "hopital", _("Hôpital")
        ASSUREUR = "assureur", _("Assureur")
        TONTINE = "tontine", _("Opérateur de tontines")
        ENTREPRISE = "entreprise", _("Entreprise")

    class Environment(models.TextChoices):
        SANDBOX = "sandbox", _("Bac à sable")
        PRODUCTION = "production", _("Production")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Actif")
        INACTIVE = "inactive", _("Inactif")
        SUSPENDED = "suspended", _("Suspendu")

    class KybStatus(models.TextChoices):
        PENDING = "pending", _("En attente")
        DOCUMENTS_SUBMITTED = "documents_submitted", _("Pièces reçues")
        UNDER_REVIEW = "under_review", _("À l’examen")
        VERIFIED = "verified", _("Vérifié")
        REJECTED = "rejected", _("Refusé")

    id = UUID7Field(primary_key=True)
    kind = models.CharField(_("genre"), max_length=12, choices=Kind)
    name = models.CharField(_("nom"), max_length=200)
    slug = models.SlugField(_("adresse"), max_length=63, unique=True)
    legal_name = models.CharField(_("raison sociale"), max_length=200)
    country = models.CharField(_("pays"), max_length=2)
    currency = CurrencyField(_("devise"))
    time_zone = models.CharField(_("fuseau horaire"), max_length=63)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True)
    vat_number = models.CharField(_("numéro de TVA"), max_length=30, blank=True)
    niu = models.CharField(
        _("NIU"), max_length=20, blank=True, help_text=_("Numéro d’identifiant unique du contribuable (Cameroun).")
    )
    rccm = models.CharField(
        _("RCCM"), max_length=40, blank=True, help_text=_("Registre du commerce et du crédit mobilier.")
    )
    billing_email = models.EmailField(_("adresse de facturation"), blank=True)
    technical_email = models.EmailField(_("adresse technique"), blank=True)
    contact_email = models.EmailField(_("adresse de contact"), blank=True)
    contact_phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    address = models.JSONField(_("adresse postale"), default=dict, blank=True)
    environment = models.CharField(
        _("environnement"), max_length=10, choices=Environment, default=Environment.PRODUCTION
    )
    kyb_status = models.CharField(_("vérification"), max_length=20, choices=KybStatus, default=KybStatus.PENDING)
    kyb_verified_at = models.DateTimeField(_("vérifié le"), null=True, blank=True)
    kyb_rejection_reason = models.TextField(_("motif du refus"), blank=True)
    balance = MoneyField(_("solde disponible"), default=0)
    cash_rounding = MoneyField(
        _("arrondi des espèces"), default=0, help_text=_("Pas d’arrondi appliqué à l’émission ; 0 : aucun.")
    )
    closing_hour = models.PositiveSmallIntegerField(
        _("heure de clôture automatique"),
        default=1,
        help_text=_("Heure locale, de 0 à 23, à partir de laquelle les jours finis se clôturent d’eux-mêmes."),
    )
    settings = models.JSONField(_("paramètres"), default=dict, blank=True)
    metadata = models.JSONField(_("données"), default=dict, blank=True)
    status = models.CharField(_("état"), max_length=10, choices=Status, default=Status.ACTIVE)
    deleted_at = models.DateTimeField(_("retiré le"), null=True, blank=True)
    created_at = models.DateTimeField(_("créé le"), default=now, editable=False)
    updated_at = models.DateTimeField(_("modifié le"), auto_now=True)

    objects = ScopedManager("id")

    row_security = tenant_rows("id")
    protection = Protection(
        state="status",
        living_by_state={"active": ALL, "inactive": ALL, "suspended": ALL},
        frozen=("id", "kind", "slug", "environment", "currency", "country", "created_at"),
    )

    class Meta:
        verbose_name = _("établissement")
        verbose_name_plural = _("établissements")
        permissions = [
            ("acces_administration", "Entrer dans l’administration"),
            ("gerer_membres", "Gérer les membres de l’établissement"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "inactive", "suspended"]),
                name="organisations_tenant_status",
                violation_error_message=_("Cet état n’existe pas."),
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=SLUG),
                name="organisations_tenant_slug",
                violation_error_message=_(
                    "L’adresse d’un établissement s’écrit en minuscules sans accent, chiffres et tirets."
                ),
                violation_error_code="slug-invalid",
            ),
            exact_amounts("organisations_tenant_exact", "balance", "cash_rounding", currency="currency"),
            models.CheckConstraint(
                condition=models.Q(cash_rounding__gte=0),
                name="organisations_tenant_cash_rounding",
                violation_error_message=_("Un pas d’arrondi n’est pas négatif."),
                violation_error_code="rounding-negative",
            ),
            models.CheckConstraint(
                condition=models.Q(closing_hour__lte=23),
                name="organisations_tenant_closing_hour",
                violation_error_message=_("Une heure va de 0 à 23."),
                violation_error_code="closing-hour-invalid",
            ),
            models.CheckConstraint(
                condition=models.Q(environment__in=["sandbox", "production"]),
                name="organisations_tenant_environment",
                violation_error_message=_("Bac à sable ou production."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def address_lines(self) -> list[str]:
        """Return the postal address as it is printed, a line each."""
        address = self.address or {}
        town = " ".join(filter(None, [address.get("postal_code"), address.get("city")]))
        return [
            line for line in (address.get("line1"), address.get("line2"), town, address.get("country_name")) if line
        ]
