"""What each role may do at the till."""

_LIRE = [
    f"comptabilite.view_{modele}"
    for modele in ("caisse", "sessioncaisse", "facturecaisse", "quittance", "paiementquittance", "reglevalidation")
]

ROLE_PERMISSIONS = {
    "caissier": [
        *_LIRE,
        "comptabilite.tenir_caisse",
        "comptabilite.facturer",
        "comptabilite.encaisser",
        "comptabilite.reimprimer_quittance",
    ],
    "comptable": [
        *_LIRE,
        "comptabilite.valider_facturecaisse",
        "comptabilite.definir_reglevalidation",
        "comptabilite.reimprimer_quittance",
    ],
    "auditeur": _LIRE,
    "administrateur": [*_LIRE, "comptabilite.add_caisse", "comptabilite.change_caisse"],
}
