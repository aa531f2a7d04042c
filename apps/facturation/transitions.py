"""The steps of an issued invoice. What is paid stays paid: a refund is a document of its own."""

from django.utils.translation import gettext_lazy as _

from apps.facturation.choices import Status
from apps.socle.transitions import Transition, TransitionTable

INVOICE = TransitionTable(
    "status",
    initial=(Status.ISSUED.value, Status.PAID.value),  # an invoice of zero is born paid
    transitions=(Transition("settle", origins=(Status.ISSUED.value,), target=Status.PAID.value, label=_("Solder")),),
    labels=dict(Status.choices),
)
