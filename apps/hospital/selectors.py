"""The reads that screens, API, admin and the apps above share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, Exists, OuterRef, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext as _

from apps.hospital.models import HospitalActTarif, HospitalExamTarif, Patient, PatientMot, Prestation, Session
from apps.hospital.models.tarif import Tarif
from apps.hospital.mots import Demande, lire_demande
from apps.organisations.selectors import current_tenant
from apps.socle.models import AuditTrail
from apps.socle.phones import national_digits
from apps.socle.screens.lists import Step
from apps.socle.search import search_key
from apps.socle.unit_of_work import know, once

ZERO = Decimal(0)
MONTANT = DecimalField(max_digits=20, decimal_places=4)
MODELES_TARIF: tuple[type[Tarif], ...] = (HospitalActTarif, HospitalExamTarif)
LIMITE = 20


def patients_trouves(q: str) -> QuerySet[Patient]:
    """Return the patients that `q` may mean, the likeliest first; all, by name, when `q` asks nothing."""
    if not q.strip():
        return Patient.objects.order_by("cle_recherche", "id")
    demande = lire_demande(q, current_tenant().country)
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
    chiffres = national_digits(telephone, current_tenant().country)
    if chiffres:
        condition |= Q(Exists(PatientMot.objects.filter(patient=OuterRef("pk"), mot=chiffres)))
    if not mots or not condition:
        return []
    candidats = Patient.objects.filter(condition, _commence_par(mots[0])).order_by("cle_recherche", "id")
    return [patient for patient in candidats if sorted(patient.cle_recherche.split()) == mots][:limite]


def visites_du_patient(patient_id: uuid.UUID) -> QuerySet[Session]:
    """Return the patient's visits, the latest first, each with its `nombre` of prestations and their `total`."""
    return (
        Session.objects.filter(patient_id=patient_id)
        .select_related("service")
        .annotate(nombre=Count("prestations"), total=Coalesce(Sum("prestations__montant_total"), Value(ZERO, MONTANT)))
        .order_by("-jour", "-ouverte_le", "-pk")
    )


def visites_du_jour(le: dt.date) -> QuerySet[Session]:
    """Return the visits of the day `le`, the latest first."""
    return Session.objects.filter(jour=le).select_related("patient", "service").order_by("-ouverte_le", "-pk")


def prestations_de_la_visite(session_id: uuid.UUID) -> list[Prestation]:
    """Return what was given during a visit, in order, each with its invoice at hand."""
    return list(
        Prestation.objects.filter(session_id=session_id)
        .select_related("service", "invoice_line__invoice")
        .order_by("date_prestation", "pk")
    )


def historique_du_patient(patient_id: uuid.UUID, limite: int = LIMITE) -> list[Step]:
    """Return who registered and corrected a patient, the first first; which fields, never what they said."""
    traces = AuditTrail.objects.filter(model_type=Patient._meta.label, model_id=patient_id).order_by("-id")[:limite]
    return [_etape(trace) for trace in reversed(traces)]


def _etape(trace: AuditTrail) -> Step:
    champs = (trace.new_values or {}).get("fields", ())
    libelles = [str(Patient._meta.get_field(champ).verbose_name) for champ in champs]
    mot = _("Corrigé") if champs else _("Enregistré")
    return Step(str(mot), trace.acteur_label, trace.created_at, detail=", ".join(libelles))


def tarifs_en_vigueur(codes: Collection[str], le: dt.date) -> dict[str, Tarif]:
    """Return the tariffs of `codes` on the day `le`, by code (capitals). A code without tariff is absent."""
    propres = {code.strip().upper() for code in codes}
    connus: dict[str, Tarif | None] = once(("tariffs", le), dict)
    inconnus = propres - connus.keys()
    if inconnus:
        lus = {t.code: t for m in MODELES_TARIF for t in _en_vigueur(m, le).filter(code__in=inconnus)}
        connus = connus | dict.fromkeys(inconnus) | lus
        know(("tariffs", le), connus)
    return {code: tarif for code in propres if (tarif := connus[code]) is not None}


def tarif_en_vigueur(code: str, le: dt.date) -> Tarif | None:
    """Return the tariff of `code` on the day `le`, or None."""
    return tarifs_en_vigueur([code], le).get(code.strip().upper())


def chercher_tarifs(q: str, le: dt.date, limite: int = LIMITE) -> list[Tarif]:
    """Return at most `limite` tariffs of the day `le` by code or by beginnings of words, exact code first.

    An empty `q` gives the first ones by code.
    """
    exact = q.strip().upper()
    trouves = [t for modele in MODELES_TARIF for t in _correspondants(modele, q, le)[: limite + 1]]
    return sorted(trouves, key=lambda t: (t.code != exact, not t.code.startswith(exact), t.code))[:limite]


def tarifs_du_jour(q: str, le: dt.date, type_recette: str = "") -> list[Tarif]:
    """Return the tariffs of the day `le` by code, those that `q` and `type_recette` keep."""
    trouves = [t for modele in MODELES_TARIF for t in _correspondants(modele, q, le)]
    return sorted((t for t in trouves if type_recette in ("", t.type_recette)), key=lambda t: t.code)


def _correspondants(modele: type[Tarif], q: str, le: dt.date) -> QuerySet[Tarif]:
    tarifs = _en_vigueur(modele, le).select_related("service").order_by("code")
    for mot in search_key(q).split():
        tarifs = tarifs.filter(cle_recherche__contains=f" {mot}")
    return tarifs


def tarif_par_id(tarif_id: uuid.UUID) -> Tarif | None:
    """Return the tariff of this key, act or exam, or None."""
    for modele in MODELES_TARIF:
        tarif = modele.objects.select_related("service").filter(pk=tarif_id).first()
        if tarif is not None:
            return tarif
    return None


def sans_tarif() -> bool:
    """Tell whether no tariff was ever set here."""
    return not any(modele.objects.exists() for modele in MODELES_TARIF)


def code_connu(code: str) -> bool:
    """Tell whether `code` has, had or will have a tariff."""
    return any(modele.objects.filter(code=code.strip().upper()).exists() for modele in MODELES_TARIF)


@dataclass(frozen=True)
class PeriodeDeTarif:
    """A tariff of a code, where it stands on a day, who set it and when."""

    tarif: Tarif
    etat: str
    par: str
    quand: dt.datetime | None


def periodes_du_code(code: str, le: dt.date) -> list[PeriodeDeTarif]:
    """Return every tariff of `code`, the latest first, with its state on the day `le` (accueil.declare)."""
    tarifs = [t for m in MODELES_TARIF for t in m.objects.select_related("service").filter(code=code)]
    traces = {
        trace.model_id: trace
        for trace in AuditTrail.objects.filter(action="tariff_set", model_id__in=[t.pk for t in tarifs])
    }
    periodes = []
    for tarif in sorted(tarifs, key=lambda t: (t.valide_du, t.pk), reverse=True):
        trace = traces.get(tarif.pk)
        par, quand = (trace.acteur_label, trace.created_at) if trace else ("", None)
        periodes.append(PeriodeDeTarif(tarif, _etat(tarif, le), par, quand))
    return periodes


def _etat(tarif: Tarif, le: dt.date) -> str:
    if tarif.jamais_applique:
        return "tarif_jamais"
    if tarif.vaut_le(le):
        return "tarif_en_vigueur"
    return "tarif_prevu" if tarif.valide_du > le else "tarif_passe"


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
