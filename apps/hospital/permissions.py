"""What each role may do with patients, visits, care and tariffs."""

_LIRE = [
    "hospital.view_hospital", "hospital.view_service", "hospital.view_hospitalacttarif", "hospital.view_hospitalexamtarif",
    "hospital.view_patient", "hospital.view_session", "hospital.view_prestation",
]  # fmt: skip
_ACCUEILLIR = ["hospital.add_patient", "hospital.change_patient", "hospital.add_session", "hospital.change_session"]

ROLE_PERMISSIONS = {
    "administrateur": [
        "hospital.view_hospital", "hospital.change_hospital",
        "hospital.view_service", "hospital.add_service", "hospital.change_service",
        "hospital.view_hospitalacttarif", "hospital.view_hospitalexamtarif", "hospital.enregistrer_tarif",
    ],
    "caissier": [*_LIRE, *_ACCUEILLIR, "hospital.add_prestation"],
    "comptable": [*_LIRE, "hospital.enregistrer_tarif"],
    "medecin": [*_LIRE, *_ACCUEILLIR, "hospital.add_prestation", "hospital.valider_prestation"],
    "auditeur": _LIRE,
}  # fmt: skip
