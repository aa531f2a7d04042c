"""Recording what is given during a visit, at the tariff of the day."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.hospital.calcul import verifier_ligne
from apps.hospital.dates import jour_de, moment_de, refuser_avenir
from apps.hospital.models import Prestation, Session
from apps.hospital.models.tarif import Tarif
from apps.hospital.selectors import tarifs_en_vigueur
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.money import quantize
from apps.socle.unit_of_work import held, insert_as_born


class LigneDemandee(NamedTuple):
    """What was given: a code, how many, and the unit price unless it is the tariff's.

    `libelle` and `type_recette` are what a paper taken over says where it differs from the tariff.
    """

    code: str
    quantite: Decimal
    prix: Decimal | None = None
    libelle: str = ""
    type_recette: str = ""


@command
def ajouter_prestations(
    *,
    session_id: uuid.UUID,
    lignes: Sequence[LigneDemandee | tuple[str, Decimal, Decimal | None]],
    date: dt.date,
    acteur: Acteur,
) -> list[Prestation]:
    """Record what was given: (code, quantity, unit price in the tenant's currency or None for the tariff's).

    Labels, type of revenue, service and tariff are those in force on `date`, a day of the visit or
    after it. Returned in the order given. Raises Session.DoesNotExist, Conflict for care after the
    visit was closed, NotAllowed for words of one's own (they are a takeover's), and BusinessError for
    a day before the visit or to come, a code without tariff that day, a quantity or a price that
    cannot be.
    """
    tenant = current_tenant()
    session = held(Session, session_id) or Session.objects.get(pk=session_id)
    jour, moment = jour_de(date, tenant), moment_de(date, tenant)
    refuser_avenir(jour, tenant)
    if jour < session.jour:
        raise BusinessError(_("Ce jour précède la visite."), code="date-before-visit", field="date")
    if session.fermee_le is not None and moment > session.fermee_le:
        raise Conflict(_("Cette visite est fermée."), code="visit-closed")
    demandees = [LigneDemandee(*ligne) for ligne in lignes]
    if not acteur.is_takeover and any(x.libelle or x.type_recette for x in demandees):
        raise NotAllowed(_("Seule une reprise garde les mots du papier."), code="label-refused", field="libelle")
    tarifs = tarifs_en_vigueur([x.code for x in demandees], jour)
    prestations = [_prestation(session, _tarif_de(tarifs, x.code, jour), x, moment, acteur) for x in demandees]
    for prestation in prestations:
        insert_as_born(prestation)
    record("care_recorded", session, acteur, new={"count": len(prestations)})
    return prestations


def _tarif_de(tarifs: Mapping[str, Tarif], code: str, jour: dt.date) -> Tarif:
    try:
        return tarifs[code.strip().upper()]
    except KeyError:
        message = _("Aucun tarif en vigueur le %(jour)s pour le code %(code)s.")
        raise BusinessError(
            message % {"jour": f"{jour:%d/%m/%Y}", "code": code}, code="tariff-missing", field="code"
        ) from None


def _prestation(
    session: Session, tarif: Tarif, demandee: LigneDemandee, moment: dt.datetime, acteur: Acteur
) -> Prestation:
    unitaire = tarif.montant if demandee.prix is None else demandee.prix
    verifier_ligne(demandee.quantite, unitaire, tarif.devise)
    return Prestation(
        tenant_id=session.tenant_id,
        session=session,
        service_id=tarif.service_id,
        user_id=acteur.id if acteur.is_person else None,
        code_prestation=tarif.code,
        libelle=demandee.libelle or tarif.nom,
        type_recette=demandee.type_recette or tarif.type_recette,
        quantite=demandee.quantite,
        tarif_montant=tarif.montant,
        montant_unitaire=unitaire,
        montant_total=quantize(demandee.quantite * unitaire, tarif.devise),
        devise=tarif.devise,
        date_prestation=moment,
    )
