from apps.hospital.services.ajouter_prestations import LigneDemandee, ajouter_prestations
from apps.hospital.services.corriger_prestation import corriger_prestation
from apps.hospital.services.enregistrer_patient import enregistrer_patient
from apps.hospital.services.enregistrer_tarif import enregistrer_tarif
from apps.hospital.services.fermer_session import fermer_session
from apps.hospital.services.modifier_patient import modifier_patient
from apps.hospital.services.ouvrir_session import ouvrir_session
from apps.hospital.services.rattacher_aux_lignes import rattacher_aux_lignes
from apps.hospital.services.retirer_prestations import retirer_prestations
from apps.hospital.services.valider_prestations import valider_prestations

__all__ = [
    "LigneDemandee",
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
