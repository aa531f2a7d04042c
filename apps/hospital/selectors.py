"""The reads that screens, API, admin and the apps above share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat

from apps.hospital.dates import etablissement
from apps.hospital.models import HospitalActTarif, HospitalExamTarif, Patient, PatientMot
from apps.hospital.models.tarif import Tarif
from apps.hospital.mots import Demande, lire_demande
from apps.hospital.telephone import chiffres_nationaux
from apps.socle.search import search_key

MODELES_TARIF: tuple[type[Tarif], ...] = (HospitalActTarif, HospitalExamTarif)
LIMITE = 20


def patients_trouves(q: str) -> QuerySet[Patient]:
    """Return the patients that `q` may mean, the likeliest first; all, by name, when `q` asks nothing."""
    if not q.strip():
        return Patient.objects.order_by("cle_recherche", "id")
    demande = lire_demande(q, etablissement().country)
    if demande.vide:
        return Patient.objects.none()
    return _par_vraisemblance(Patient.objects.filter(_condition(demande)), demande)


def chercher_patients(q: str, limite: int = LIMITE) -> list[Patient]:
    """Return at most `limite` patients for `q`: beginnings of words in any order, number or phone.

    Without case, accents or apostrophes; an empty `q` finds nobody.
    """
    return list(patients_trouves(q)[:limite]) if q.strip() else []


def doublons(
    *, nom: str, prenom: str = "", date_naissance: dt.date | None = None, telephone: str = "", limite: int = 5
) -> list[Patient]:
    """Return patients who may be the person described: same names and birth date, or same names and phone.

    Names compare by search key, in either order.
    """
    mots = sorted(search_key(f"{nom} {prenom}").split())
    condition = Q()
    if date_naissance is not None:
        condition |= Q(date_naissance=date_naissance)
    chiffres = chiffres_nationaux(telephone, etablissement().country)
    if chiffres:
        condition |= Q(Exists(PatientMot.objects.filter(patient=OuterRef("pk"), mot=chiffres)))
    if not mots or not condition:
        return []
    candidats = Patient.objects.filter(condition, _commence_par(mots[0])).order_by("cle_recherche", "id")
    return [patient for patient in candidats if sorted(patient.cle_recherche.split()) == mots][:limite]


def tarifs_en_vigueur(codes: Collection[str], le: dt.date) -> dict[str, Tarif]:
    """Return the tariffs of `codes` on the day `le`, by code (capitals). A code without tariff is absent."""
    propres = {code.strip().upper() for code in codes}
    return {t.code: t for modele in MODELES_TARIF for t in _en_vigueur(modele, le).filter(code__in=propres)}


def tarif_en_vigueur(code: str, le: dt.date) -> Tarif | None:
    """Return the tariff of `code` on the day `le`, or None."""
    return tarifs_en_vigueur([code], le).get(code.strip().upper())


def chercher_tarifs(q: str, le: dt.date, limite: int = LIMITE) -> list[Tarif]:
    """Return at most `limite` tariffs of the day `le` by code or by beginnings of words, exact code first.

    An empty `q` gives the first ones by code.
    """
    mots = search_key(q).split()
    trouves: list[Tarif] = []
    for modele in MODELES_TARIF:
        tarifs = _en_vigueur(modele, le).select_related("service").order_by("code")
        for mot in mots:
            tarifs = tarifs.filter(cle_recherche__contains=f" {mot}")
        trouves += tarifs[: limite + 1]
    exact = q.strip().upper()
    return sorted(trouves, key=lambda t: (t.code != exact, not t.code.startswith(exact), t.code))[:limite]


def _en_vigueur(modele: type[Tarif], le: dt.date) -> QuerySet[Tarif]:
    return modele.objects.filter(Q(valide_au=None) | Q(valide_au__gte=le), valide_du__lte=le)


def _commence_par(mot: str) -> Exists:
    """Tell whether a stored word begins with `mot`, as a range that row security lets an index answer."""
    mots = PatientMot.objects.filter(patient=OuterRef("pk"), mot__gte=mot, mot__lt=_apres(mot))
    return Exists(mots)


def _apres(mot: str) -> str:
    """Return the first string, in byte order, after all those that begin with `mot`."""
    return mot[:-1] + chr(ord(mot[-1]) + 1)


def _condition(demande: Demande) -> Q:
    """One range (or a word stored whole) per word asked, all on the table of words: each a semi-join by index."""
    if demande.rang is not None and not demande.mots:
        return Q(rang=demande.rang)
    condition = Q()
    for mot in demande.mots:
        voulu = Q(mot__gte=mot, mot__lt=_apres(mot))
        if demande.exacts:
            voulu |= Q(mot__in=demande.exacts)
        condition &= Q(Exists(PatientMot.objects.filter(voulu, patient=OuterRef("pk"))))
    return condition


def _par_vraisemblance(patients: QuerySet[Patient], demande: Demande) -> QuerySet[Patient]:
    """Order: the number asked for, then most whole words, then names that begin as asked, then by name."""
    entouree = Concat(Value(" "), "cle_recherche", Value(" "), output_field=TextField())
    vraisemblance: Any = Case(When(cle_recherche__startswith=" ".join(demande.mots), then=-1), default=0)
    for mot in demande.mots:
        vraisemblance = vraisemblance + Case(When(cle_entouree__contains=f" {mot} ", then=-2), default=0)
    if demande.rang is not None:
        vraisemblance = Case(When(rang=demande.rang, then=-1000), default=vraisemblance)
    return patients.alias(cle_entouree=entouree, vraisemblance=vraisemblance).order_by(
        "vraisemblance", "cle_recherche", "id"
    )
