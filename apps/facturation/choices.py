"""The words of the invoice's columns. Source: facturation-fiscal.md, section 3."""

from django.db import models
from django.utils.translation import gettext_lazy as _

ROUNDING = "ARRONDI"
"""Category of the line that carries the tenant's cash rounding."""


class Status(models.TextChoices):
    """Where the document stands; an invoice is issued from birth, so there is no draft."""

    ISSUED = "issued", _("Émise")
    PAID = "paid", _("Payée")


class PaidStatus(models.TextChoices):
    PENDING = "pending", _("À payer")
    PARTIAL = "partial", _("Payée en partie")
    COMPLETE = "complete", _("Payée")


class Direction(models.TextChoices):
    OUTGOING = "outgoing", _("Émise")
    INCOMING = "incoming", _("Reçue")


class LegalStatus(models.TextChoices):
    FISCAL = "donnee_fiscale", _("Donnée fiscale")
    ACCOUNTING = "donnee_comptable", _("Donnée comptable")
    TECHNICAL = "donnee_technique", _("Donnée technique")


class Environment(models.TextChoices):
    SANDBOX = "sandbox", _("Bac à sable")
    PRODUCTION = "production", _("Production")


class SequenceStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Gelée")


class FormatType(models.TextChoices):
    NUMERIC = "numeric", _("Chiffres")
    ALPHANUMERIC = "alphanumeric", _("Lettres et chiffres")
    CUSTOM = "custom", _("Particulier")


class HistoryAction(models.TextChoices):
    ISSUED = "issued", _("Facture émise")
    PAYMENT = "payment_recorded", _("Paiement enregistré")
