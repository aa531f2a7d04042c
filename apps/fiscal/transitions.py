"""Where a head outside can go."""

from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import AnchorStatus
from apps.socle.transitions import Transition, TransitionTable

WAITING = AnchorStatus.PENDING.value

ANCHOR_TRANSITIONS = TransitionTable(
    "status",
    initial=(WAITING,),
    transitions=(
        Transition("deliver", (WAITING,), AnchorStatus.VERIFIED.value, _("Écrire")),
        Transition("refuse", (WAITING,), AnchorStatus.FAILED.value, _("Refuser")),
    ),
)
