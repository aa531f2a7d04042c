"""The words that the till's columns may hold."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class StatutSession(TextChoices):
    """A till session: from the float to the count."""

    OUVERTE = "OUVERTE", _("Ouverte")
    FERMEE = "FERMEE", _("Fermée")


class StatutFacture(TextChoices):
    """A cashier's invoice. Source: comptabilite.md, `facture`."""

    EN_ATTENTE = "EN_ATTENTE", _("En attente")
    VALIDEE = "VALIDEE", _("Validée")
    REJETEE = "REJETEE", _("Rejetée")
    PAYEE = "PAYEE", _("Payée")


class MoyenPaiement(TextChoices):
    """The means of payment. Source: comptabilite.md, `mode_paiement`."""

    ESPECES = "ESPECES", _("Espèces")
    CHEQUE = "CHEQUE", _("Chèque")
    VIREMENT = "VIREMENT", _("Virement")
    CARTE = "CARTE", _("Carte bancaire")
    MOBILE = "MOBILE", _("Paiement mobile")


class OperateurMobile(TextChoices):
    """The mobile money operators of Cameroon. Source: comptabilite.md, `operateur`."""

    MTN = "MTN", _("MTN Mobile Money")
    ORANGE = "ORANGE", _("Orange Money")
    NEXTTEL = "NEXTTEL", _("Nexttel Possa")
    CAMTEL = "CAMTEL", _("Camtel Money")


class ActionFacture(TextChoices):
    """What a line of an invoice's history tells."""

    CREER = "creer", _("Créée")
    CORRIGER = "corriger", _("Corrigée")
    VALIDER = "valider", _("Validée")
    REJETER = "rejeter", _("Rejetée")
    ENCAISSER = "encaisser", _("Encaissée en partie")
    SOLDER = "solder", _("Payée")


class StatutReprise(TextChoices):
    """A takeover of a paper till: from the files handed over to the last receipt."""

    DEPOSEE = "DEPOSEE", _("Déposée")
    CONTROLEE = "CONTROLEE", _("Contrôlée")
    EN_COURS = "EN_COURS", _("En cours")
    ARRETEE = "ARRETEE", _("Arrêtée")
    TERMINEE = "TERMINEE", _("Terminée")
    ABANDONNEE = "ABANDONNEE", _("Abandonnée")


class OrigineReprise(TextChoices):
    """The door through which the files came: who looks after the run when it is cut off."""

    ECRAN = "ECRAN", _("Écran")
    COMMANDE = "COMMANDE", _("Ligne de commande")


class FichierPapier(TextChoices):
    """The two files of a paper till."""

    RECETTES = "RECETTES", _("Recettes")
    ENCAISSEMENTS = "ENCAISSEMENTS", _("Encaissements")


class IssueLigne(TextChoices):
    """What the report says of a row that is not simply taken over."""

    REFUSEE = "REFUSEE", _("Refusée")
    DEJA_REPRISE = "DEJA_REPRISE", _("Déjà reprise")
    SIGNALEE = "SIGNALEE", _("Reprise, à vérifier")
