"""What each role may do at the till."""

_LIRE = [
    f"comptabilite.view_{modele}"
    for modele in ("caisse", "sessioncaisse", "facturecaisse", "quittance", "paiementquittance", "reglevalidation")
]
# The report names patients and what was sold to them: cashiers do not read it.
_REPRENDRE = ["comptabilite.view_reprisecaisse", "comptabilite.importer_caisse"]

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
        *_REPRENDRE,
    ],
    "auditeur": [*_LIRE, "comptabilite.view_reprisecaisse"],
    "administrateur": [*_LIRE, "comptabilite.add_caisse", "comptabilite.change_caisse", *_REPRENDRE],
}
