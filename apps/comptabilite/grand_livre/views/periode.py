"""The days and states that a balance or a ledger covers, read from the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.utils import timezone

from apps.comptabilite.grand_livre.forms import FiltrePeriode
from apps.comptabilite.grand_livre.models import Exercice
from apps.comptabilite.grand_livre.transitions import POSTEES


@dataclass(frozen=True)
class Choix:
    """What the address asks for; what it leaves out is the exercise of today, up to today."""

    filtre: FiltrePeriode
    debut: date
    fin: date
    statuts: tuple[str, ...]


def choix_de(request: HttpRequest) -> Choix:
    """Read days and states. An address that cannot be read shows the whole, and its form says why."""
    aujourd_hui = timezone.localdate()
    exercice = Exercice.objects.filter(debut__lte=aujourd_hui, fin__gte=aujourd_hui).first()
    defauts = {"du": exercice.debut if exercice else aujourd_hui.replace(month=1, day=1), "au": aujourd_hui, "etat": ""}
    lu = FiltrePeriode({nom: request.GET.get(nom) or valeur for nom, valeur in defauts.items()})
    valeurs = lu.cleaned_data if lu.is_valid() else defauts
    statuts = (valeurs["etat"],) if valeurs["etat"] else POSTEES
    return Choix(lu, valeurs["du"], valeurs["au"], statuts)
