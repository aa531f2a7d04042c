"""A prestation's life: recorded, confirmed as given, invoiced."""

from django.utils.translation import gettext_lazy as _

from apps.hospital.choices import StatutPrestation
from apps.socle.transitions import Transition, TransitionTable

PENDING, VALIDATED, INVOICED = StatutPrestation.PENDING, StatutPrestation.VALIDATED, StatutPrestation.INVOICED

PRESTATION_TRANSITIONS = TransitionTable(
    "statut",
    initial=(PENDING.value,),
    transitions=(
        Transition(
            "valider",
            origins=(PENDING.value,),
            target=VALIDATED.value,
            label=_("Confirmer les soins"),
            permission="hospital.valider_prestation",
        ),
        # Taken by the invoice that carries it, so by no permission of its own.
        Transition("facturer", origins=(PENDING.value, VALIDATED.value), target=INVOICED.value, label=_("Facturer")),
    ),
    labels=dict(StatutPrestation.choices),
)
