"""Opening an accounting year and its months."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from apps.comptabilite.grand_livre.models import Exercice, Periode
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.scope import require_scope


@command
def ouvrir_exercice(*, debut: date, fin: date, acteur: Acteur) -> Exercice:
    """Open the exercise from `debut` to `fin` with a period a calendar month (the first and last may be short).

    Its code is the year, or both years when it straddles two. Raises BusinessError when days belong
    to another exercise or `fin` does not follow `debut`.
    """
    code = f"{debut.year}" if debut.year == fin.year else f"{debut.year}-{fin.year}"
    exercice = Exercice(code=code, debut=debut, fin=fin)
    exercice.save(force_insert=True)
    Periode.objects.bulk_create(
        Periode(tenant_id=require_scope(), exercice=exercice, code=f"{premier:%Y-%m}", debut=premier, fin=dernier)
        for premier, dernier in mois(debut, fin)
    )
    record("exercice_ouvert", exercice, acteur, new={"code": code, "debut": debut, "fin": fin})
    return exercice


@command
def assurer_exercice(*, jour: date, acteur: Acteur) -> Exercice:
    """Return the exercise of `jour`; open its calendar year when there is none."""
    exercice = Exercice.objects.filter(debut__lte=jour, fin__gte=jour).first()
    return exercice or ouvrir_exercice(debut=date(jour.year, 1, 1), fin=date(jour.year, 12, 31), acteur=acteur)


def mois(debut: date, fin: date) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of each calendar month between two days, cut at both ends."""
    premier = debut
    while premier <= fin:
        dernier = min(premier.replace(day=calendar.monthrange(premier.year, premier.month)[1]), fin)
        yield premier, dernier
        premier = dernier + timedelta(days=1)
