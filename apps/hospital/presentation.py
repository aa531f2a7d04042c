"""A patient as a line of results: the words that were asked stand out, age and phone beside the name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.hospital.models import Patient
from apps.organisations.models import Tenant
from apps.socle.clock import local_date
from apps.socle.phones import write_phone
from apps.socle.search import search_key


@dataclass(frozen=True)
class Resultat:
    """One patient found; `nom` carries `<mark>` around what was asked."""

    patient: Patient
    nom: SafeString
    age: str
    telephone: str

    @property
    def detail(self) -> str:
        return " · ".join(filter(None, (self.age, self.telephone)))


def resultats(patients: Iterable[Patient], q: str, tenant: Tenant) -> list[Resultat]:
    """Return `patients` as lines, for the question `q`."""
    mots = search_key(q).split()
    jour = local_date(tenant.time_zone)
    return [
        Resultat(
            patient=patient,
            nom=surligner(patient.nom_complet, mots),
            age=age(patient.date_naissance, jour),
            telephone=write_phone(patient.telephone, tenant.country),
        )
        for patient in patients
    ]


def surligner(texte: str, mots: Iterable[str]) -> SafeString:
    """Return `texte`, escaped, with `<mark>` around the beginnings of words that are asked (search keys)."""
    demandes = sorted(mots, key=len, reverse=True)
    return format_html_join(" ", "{}", ((_surligner_mot(mot, demandes),) for mot in texte.split()))


def _surligner_mot(mot: str, demandes: list[str]) -> SafeString:
    cle = search_key(mot).replace(" ", "")
    demande = next((d for d in demandes if cle.startswith(d)), "")
    if not demande:
        return format_html("{}", mot)
    fin = next(i for i in range(1, len(mot) + 1) if search_key(mot[:i]).replace(" ", "").startswith(demande))
    return format_html("<mark>{}</mark>{}", mot[:fin], mot[fin:])


def age(naissance: dt.date | None, le: dt.date) -> str:
    """Return `34 ans`, `8 mois` under two years, `12 jours` under a month, `né ce jour`; nothing when the date is not known."""
    if naissance is None or naissance > le:
        return ""
    mois = (le.year - naissance.year) * 12 + le.month - naissance.month - (le.day < naissance.day)
    if mois >= 24:
        return ngettext("%d an", "%d ans", mois // 12) % (mois // 12)
    if mois >= 1:
        return ngettext("%d mois", "%d mois", mois) % mois
    jours = (le - naissance).days
    if jours == 0:
        return _("né ce jour")
    return ngettext("%d jour", "%d jours", jours) % jours
