"""What the ledger has not finished when a day of the chain is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.urls import reverse_lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente
from apps.comptabilite.grand_livre.transitions import A_VALIDER, EN_ATTENTE
from apps.fiscal.models import FiscalEntry
from apps.fiscal.preclosing import Unfinished
from apps.organisations.models import Tenant
from apps.socle.screens.dates import short_date


def imputations_et_ecritures(tenant: Tenant, debut: date, fin: date) -> Iterator[Unfinished]:
    """Yield the pending imputations and the entries to validate of the facts whose links are of these fiscal days.

    A takeover's facts bear the days of the papers, their links the day of the takeover: its closing seals them.
    """
    faits = FiscalEntry.objects.filter(fiscal_date__range=(debut, fin)).values("fact_id")
    attentes = ImputationEnAttente.objects.filter(statut=EN_ATTENTE, fait_id__in=faits)
    yield Unfinished(
        "imputation_en_attente", _("Imputations en attente"), attentes.count(), reverse_lazy("grand_livre:imputations")
    )
    a_valider = Ecriture.objects.filter(statut=A_VALIDER, fait_id__in=faits)
    liste = format_lazy(
        "{}?etat=A_VALIDER&clos_du={}&clos_au={}",
        reverse_lazy("grand_livre:ecritures"),
        short_date(debut),
        short_date(fin),
    )
    yield Unfinished("ecriture_a_valider", _("Écritures à valider"), a_valider.count(), liste)
