"""What each role may do with third parties' accounts: nobody writes there, facts do."""

_LIRE = ["mouvements.view_mouvementfinancier", "mouvements.view_soldetiers"]

ROLE_PERMISSIONS = {
    "caissier": _LIRE,
    "comptable": [*_LIRE, "mouvements.exporter_mouvements"],
    "auditeur": [*_LIRE, "mouvements.exporter_mouvements"],
}
