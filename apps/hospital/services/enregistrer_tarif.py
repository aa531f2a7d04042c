"""Changing what an act or an exam costs, from a day on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.hospital.calcul import lire_code
from apps.hospital.choices import SERVICES_PAR_DEFAUT, TYPES_EXAMEN, TypeRecette
from apps.hospital.models import HospitalActTarif, HospitalExamTarif, Service
from apps.hospital.models.tarif import Tarif
from apps.organisations.models import Tenant
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.money import LARGEST, finest, is_exact, plain
from apps.socle.search import search_key
from apps.socle.unit_of_work import forget
from apps.socle.words import clean_words

MODELES: tuple[type[Tarif], ...] = (HospitalActTarif, HospitalExamTarif)
UN_JOUR = dt.timedelta(days=1)


@command
def enregistrer_tarif(
    *,
    code: str,
    nom: str,
    type_recette: str,
    montant: Decimal,
    valide_du: dt.date,
    acteur: Acteur,
    service: Service | None = None,
    description: str = "",
) -> Tarif:
    """Set what `code` costs from `valide_du` on, in the tenant's currency, until its next tariff if one is planned.

    The tariff in force that day ends the day before; one that began that very day is shown as
    never applied. Prestations keep the tariff of their day. Without `service`, the one that a
    hospital has for this type of revenue. Raises BusinessError for what cannot be, and for a past
    day when a tariff already applied then (except to a takeover).
    """
    tenant = current_tenant()
    propre, nom = lire_code(code), clean_words(nom, "nom")
    _verifier(nom, type_recette, montant, tenant)
    existants = [t for modele in MODELES for t in modele.objects.filter(code=propre) if not t.jamais_applique]
    _clore(existants, valide_du, tenant, acteur)
    suivant = min((t.valide_du for t in existants if t.valide_du > valide_du), default=None)
    modele = HospitalExamTarif if type_recette in TYPES_EXAMEN else HospitalActTarif
    tarif = modele(
        tenant=tenant,
        code=propre,
        nom=nom,
        description=description.strip(),
        type_recette=type_recette,
        service=service or _service_par_defaut(type_recette),
        montant=montant,
        devise=tenant.currency,
        valide_du=valide_du,
        valide_au=suivant - UN_JOUR if suivant else None,
        cle_recherche=cle_de_tarif(propre, nom),
    )
    tarif.save(force_insert=True)
    forget("tariffs")
    record(
        "tariff_set", tarif, acteur, new={"code": propre, "montant": plain(montant), "valide_du": valide_du.isoformat()}
    )
    return tarif


def cle_de_tarif(code: str, nom: str) -> str:
    """Return what a tariff is searched by: its code in words and in one piece, then its name, each word after a space."""
    mots = search_key(code)
    return f" {mots} {mots.replace(' ', '')} {search_key(nom)}"[:350]


def _verifier(nom: str, type_recette: str, montant: Decimal, tenant: Tenant) -> None:
    if not 0 < len(nom) <= 200:
        raise BusinessError(
            _("La désignation est obligatoire, 200 caractères au plus."), code="name-invalid", field="nom"
        )
    if type_recette not in TypeRecette.values:
        raise BusinessError(_("Choisissez dans la liste."), code="revenue-unknown", field="type_recette")
    if montant.is_finite() and montant < 0:
        raise BusinessError(_("Un prix ne peut pas être négatif."), code="amount-invalid", field="montant")
    if montant.is_finite() and montant > LARGEST:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-invalid", field="montant")
    if not is_exact(montant, tenant.currency):
        raise BusinessError(finest(tenant.currency), code="amount-invalid", field="montant")


def _clore(existants: list[Tarif], valide_du: dt.date, tenant: Tenant, acteur: Acteur) -> None:
    """End the tariff in force on `valide_du` the day before."""
    for ancien in existants:
        if not ancien.vaut_le(valide_du):
            continue
        if valide_du < local_date(tenant.time_zone) and not acteur.is_takeover:
            raise BusinessError(
                _("Un tarif s’appliquait déjà ce jour-là : choisissez aujourd’hui ou plus tard."),
                code="tariff-in-past",
                field="valide_du",
            )
        ancien.valide_au = valide_du - UN_JOUR
        ancien.save(update_fields=["valide_au"])


def _service_par_defaut(type_recette: str) -> Service | None:
    code, _nom = SERVICES_PAR_DEFAUT[TypeRecette(type_recette)]
    return Service.objects.filter(code=code).first()
