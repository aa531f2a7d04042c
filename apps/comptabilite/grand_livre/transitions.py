"""States of the ledger's aggregates and the steps between them."""

from django.utils.translation import gettext_lazy as _

from apps.socle.transitions import Transition, TransitionTable

BROUILLON = "BROUILLON"
A_VALIDER = "A_VALIDER"
VALIDEE = "VALIDEE"
OUVERTE = "OUVERTE"
FERMEE = "FERMEE"
EN_ATTENTE = "EN_ATTENTE"
POSTEES = (A_VALIDER, VALIDEE)
"""An entry's states in which it counts: a draft does not."""
RESOLUE = "RESOLUE"

ECRITURE = TransitionTable(
    "statut",
    initial=(BROUILLON, A_VALIDER),
    transitions=(
        Transition("soumettre", (BROUILLON,), A_VALIDER, _("Soumettre"), "comptabilite.add_ecriture"),
        Transition("valider", (A_VALIDER,), VALIDEE, _("Valider"), "comptabilite.valider_ecriture", second_person=True),
    ),
    labels={BROUILLON: _("Brouillon"), A_VALIDER: _("À valider"), VALIDEE: _("Validée")},
)

PERIODE = TransitionTable(
    "statut",
    initial=(OUVERTE,),
    transitions=(Transition("fermer", (OUVERTE,), FERMEE, _("Clôturer la période"), "comptabilite.fermer_periode"),),
    labels={OUVERTE: _("Ouverte"), FERMEE: _("Clôturée")},
)

ATTENTE = TransitionTable(
    "statut",
    initial=(EN_ATTENTE,),
    transitions=(
        Transition("resoudre", (EN_ATTENTE,), RESOLUE, _("Comptabiliser"), "comptabilite.resoudre_imputation"),
    ),
    labels={EN_ATTENTE: _("En attente"), RESOLUE: _("Résolue")},
)
