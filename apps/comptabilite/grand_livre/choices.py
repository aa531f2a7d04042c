"""The words that columns of the general ledger may hold."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.comptabilite.grand_livre.imputation import MotifAttente
from apps.comptabilite.grand_livre.imputation import Sens as SensImputation


class TypeCompte(models.TextChoices):
    """Side of the statements on which an account stands; MIXTE goes where its balance sends it."""

    ACTIF = "ACTIF", pgettext_lazy("type de compte", "Actif")
    PASSIF = "PASSIF", _("Passif")
    CHARGE = "CHARGE", _("Charge")
    PRODUIT = "PRODUIT", _("Produit")
    MIXTE = "MIXTE", _("Actif ou passif selon le solde")
    HORS_BILAN = "HORS_BILAN", _("Hors bilan")


class SensNormal(models.TextChoices):
    """Side on which the balance usually stands."""

    DEBIT = "DEBIT", _("Débiteur")
    CREDIT = "CREDIT", _("Créditeur")
    MIXTE = "MIXTE", _("L’un ou l’autre")


class Sens(models.TextChoices):
    """Side of a line."""

    DEBIT = SensImputation.DEBIT.value, _("Débit")
    CREDIT = SensImputation.CREDIT.value, _("Crédit")


class TypeJournal(models.TextChoices):
    VENTES = "VENTES", _("Ventes")
    CAISSE = "CAISSE", pgettext_lazy("type de journal", "Caisse")
    BANQUE = "BANQUE", _("Banque")
    MOBILE = "MOBILE", _("Monnaie mobile")
    ACHATS = "ACHATS", _("Achats")
    OD = "OD", _("Opérations diverses")


class Motif(models.TextChoices):
    """Why a fact waits for the accountant."""

    SANS_REGLE = MotifAttente.SANS_REGLE.value, _("Aucune règle d’imputation")
    COMPTE_FERME = MotifAttente.COMPTE_FERME.value, _("Le compte ou le journal de la règle ne reçoit plus d’écritures")
    DESEQUILIBRE = MotifAttente.DESEQUILIBRE.value, _("Les règles ne donnent pas une écriture équilibrée")
    SANS_PERIODE = MotifAttente.SANS_PERIODE.value, _("Aucune période comptable à cette date")
