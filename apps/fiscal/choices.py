"""The words of the chain's columns. Source: facturation-fiscal.md, section 8."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryType(models.TextChoices):
    """What a link records."""

    INVOICE = "invoice", _("Facture")
    CREDIT_NOTE = "credit_note", _("Facture d’avoir")
    PAYMENT = "payment", _("Paiement")
    CLOSING = "closing", _("Clôture")
    ADJUSTMENT = "adjustment", _("Ajustement")


class LegalStatus(models.TextChoices):
    """What the law sees in a link."""

    FISCAL = "donnee_fiscale", _("Donnée fiscale")
    ACCOUNTING = "donnee_comptable", _("Donnée comptable")
    TECHNICAL = "donnee_technique", _("Donnée technique")


class Environment(models.TextChoices):
    """Whether a link counts; a tenant is one or the other for life."""

    SANDBOX = "sandbox", _("Bac à sable")
    PRODUCTION = "production", _("Production")


class ActorType(models.TextChoices):
    """Who caused a link; the documents know three, the house adds the takeover of a paper till."""

    USER = "user", _("Utilisateur")
    SYSTEM = "system", _("Système")
    PARTNER = "partner", _("Partenaire")
    TAKEOVER = "takeover", _("Reprise")


class AnchorType(models.TextChoices):
    """Where a head was written; the documents' three, and ours."""

    TSA = "rfc3161_tsa", _("Horodatage RFC 3161")
    BLOCKCHAIN = "blockchain", _("Chaîne de blocs")
    NONE = "none", _("Aucun")
    FILE = "file", _("Fichier d’ancrage")
    S3 = "s3", _("Stockage verrouillé")
    EMAIL = "email", _("Courriel")


class AnchorStatus(models.TextChoices):
    """Whether a head has reached its place."""

    PENDING = "pending", _("À écrire")
    VERIFIED = "verified", _("Écrit")
    FAILED = "failed", _("Refusé")


class CheckStatus(models.TextChoices):
    """How a verification ended."""

    PASSED = "passed", _("Conforme")
    WARNING = "warning", _("À surveiller")
    FAILED = "failed", _("Rompue")


class ClosingType(models.TextChoices):
    """What a closing covers."""

    DAILY = "daily", _("Jour")
    MONTHLY = "monthly", _("Mois")
    YEARLY = "yearly", _("Année")


class ClosingStatus(models.TextChoices):
    """The documents' states of a closing; ours is inserted whole, so that it is never anything but completed."""

    PENDING = "pending", _("En cours")
    COMPLETED = "completed", _("Clôturé")
    VERIFIED = "verified", _("Vérifié")
    ERROR = "error", _("En erreur")
