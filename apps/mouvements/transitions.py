"""The steps of a movement, as others settle it."""

from django.utils.translation import gettext_lazy as _

from apps.mouvements.choices import Statut
from apps.socle.transitions import Transition, TransitionTable

_ATTENTE, _PARTIEL, _PAYE = (Statut.EN_ATTENTE.value, Statut.PARTIELLEMENT_PAYE.value, Statut.PAYE.value)

MOUVEMENT = TransitionTable(
    "statut",
    initial=(_ATTENTE,),
    transitions=(
        Transition("entamer", origins=(_ATTENTE,), target=_PARTIEL, label=_("Payer en partie")),
        Transition("solder", origins=(_ATTENTE, _PARTIEL), target=_PAYE, label=_("Solder")),
    ),
    labels=dict(Statut.choices),
)
