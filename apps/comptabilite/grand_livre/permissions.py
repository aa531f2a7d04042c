"""What each role may do in the general ledger."""

_LECTURE = [
    f"comptabilite.view_{modele}"
    for modele in (
        "comptecomptable", "journal", "exercice", "periode", "regleimputation", "ecriture", "ligneecriture",
        "totalcompte", "imputationenattente",
    )
]  # fmt: skip
_REFERENCE = [
    f"comptabilite.{action}_{modele}"
    for action in ("view", "add", "change")
    for modele in ("comptecomptable", "journal", "regleimputation")
]

ROLE_PERMISSIONS = {
    "comptable": [
        *_LECTURE,
        *(permission for permission in _REFERENCE if permission not in _LECTURE),
        "comptabilite.valider_ecriture",
        "comptabilite.resoudre_imputation",
        "comptabilite.fermer_periode",
        "comptabilite.add_exercice",
    ],
    "auditeur": _LECTURE,
    "administrateur": [*_REFERENCE, "comptabilite.view_exercice", "comptabilite.view_periode"],
}
