from apps.hospital.services.patients import enregistrer_patient, modifier_patient
from apps.hospital.services.prestations import (
    ajouter_prestations,
    corriger_prestation,
    rattacher_aux_lignes,
    retirer_prestations,
    valider_prestations,
)
from apps.hospital.services.tarifs import enregistrer_tarif
from apps.hospital.services.visites import fermer_session, ouvrir_session

__all__ = [
    "ajouter_prestations",
    "corriger_prestation",
    "enregistrer_patient",
    "enregistrer_tarif",
    "fermer_session",
    "modifier_patient",
    "ouvrir_session",
    "rattacher_aux_lignes",
    "retirer_prestations",
    "valider_prestations",
]
