"""The lists of words that hospital's columns may hold. Source: comptabilite.md, `type_recette`."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TypeRecette(models.TextChoices):
    """The types of revenue; each leads to its product account by an imputation rule."""

    CONSULTATION = "CONSULTATION", _("Consultation")
    HOSPITALISATION = "HOSPITALISATION", _("Hospitalisation")
    PHARMACIE = "PHARMACIE", _("Pharmacie")
    LABORATOIRE = "LABORATOIRE", _("Laboratoire")
    IMAGERIE = "IMAGERIE", _("Imagerie")
    AUTRE = "AUTRE", _("Autre")


class Sexe(models.TextChoices):
    FEMME = "F", _("Femme")
    HOMME = "M", _("Homme")
    AUTRE = "Autre", _("Autre")


class StatutPrestation(models.TextChoices):
    """The documents' own words for a prestation's state."""

    PENDING = "pending", _("En attente")
    VALIDATED = "validated", _("Validée")
    INVOICED = "invoiced", _("Facturée")


# Laboratory and imaging are exams; all else that is sold is an act (assurance.md §20 and §21).
TYPES_EXAMEN = frozenset({TypeRecette.LABORATOIRE, TypeRecette.IMAGERIE})

# What a new hospital begins with: one service a type of revenue, (code, name). The names are data, in French.
SERVICES_PAR_DEFAUT = {
    TypeRecette.CONSULTATION: ("CONS", "Consultations"),
    TypeRecette.HOSPITALISATION: ("HOSP", "Hospitalisation"),
    TypeRecette.PHARMACIE: ("PHAR", "Pharmacie"),
    TypeRecette.LABORATOIRE: ("LABO", "Laboratoire"),
    TypeRecette.IMAGERIE: ("IMAG", "Imagerie médicale"),
    TypeRecette.AUTRE: ("ACC", "Accueil et services divers"),
}
