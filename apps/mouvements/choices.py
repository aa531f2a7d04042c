"""The words of the movements' columns. Source: mouvements.md."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TypeMouvement(models.TextChoices):
    """The document's five types; a claim (`creance`) is what a recovery recovers."""

    CREANCE = "creance", _("Créance")
    RECOUVREMENT_CREANCE = "recouvrement_creance", _("Recouvrement de créance")
    REGLEMENT_DETTE = "reglement_dette", _("Règlement de dette")
    AVOIR = "avoir", _("Avoir")
    PENALITE = "penalite", _("Pénalité")
    DIVERS = "divers", _("Divers")


MOYENS = {
    "ESPECES": _("Espèces"),
    "CHEQUE": _("Chèque"),
    "VIREMENT": _("Virement"),
    "CARTE": _("Carte bancaire"),
    "MOBILE": _("Paiement mobile"),
    "AVOIR": _("Avoir"),
}
"""The means of payment that facts name, in words; another one is shown as it is."""


class Sens(models.TextChoices):
    """What a movement does to what the third party owes us: debit adds, credit takes off."""

    DEBIT = "debit", _("Débit")
    CREDIT = "credit", _("Crédit")


class Statut(models.TextChoices):
    """How far a movement is matched by movements of the other direction."""

    EN_ATTENTE = "en_attente", _("En attente")
    PARTIELLEMENT_PAYE = "partiellement_payé", _("Partiellement payé")
    PAYE = "payé", _("Payé")
