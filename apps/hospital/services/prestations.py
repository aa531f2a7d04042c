"""What is given during a visit, at the tariff of the day."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.hospital.choices import StatutPrestation
from apps.hospital.dates import etablissement, jour_de, moment_de, verifier_date
from apps.hospital.locks import verrouiller_prestations
from apps.hospital.models import Prestation, Session
from apps.hospital.models.tarif import Tarif
from apps.hospital.selectors import tarifs_en_vigueur
from apps.hospital.transitions import PRESTATION_TRANSITIONS
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict
from apps.socle.money import is_exact, quantize

LigneDemandee = tuple[str, Decimal, Decimal | None]


@command
def ajouter_prestations(
    *, session_id: uuid.UUID, lignes: Sequence[LigneDemandee], date: dt.date, acteur: Acteur
) -> list[Prestation]:
    """Record what was given: (code, quantity, unit price in the tenant's currency or None for the tariff's).

    Labels, type of revenue, service and tariff are those in force on `date`. Returned in the order
    given. Raises Session.DoesNotExist, Conflict when the visit is closed, and BusinessError for a
    code without tariff that day, a quantity or a price that cannot be.
    """
    tenant = etablissement()
    session = Session.objects.get(pk=session_id)
    if session.fermee_le is not None:
        raise Conflict(_("Cette visite est fermée."), code="visit-closed")
    jour = jour_de(date, tenant)
    verifier_date(jour, tenant, acteur)
    tarifs = tarifs_en_vigueur([code for code, _q, _p in lignes], jour)
    moment = moment_de(date, tenant)
    prestations = [
        _prestation(session, _tarif_de(tarifs, code, jour), quantite, prix, moment, acteur)
        for code, quantite, prix in lignes
    ]
    Prestation.objects.bulk_create(prestations)
    record("care_recorded", session, acteur, new={"count": len(prestations)})
    return prestations


@command
def corriger_prestation(
    *, prestation_id: uuid.UUID, quantite: Decimal, prix: Decimal | None, acteur: Acteur
) -> Prestation:
    """Change quantity and unit price (None: the tariff of its day) of a prestation still pending.

    Raises Prestation.DoesNotExist, Conflict when it is confirmed or invoiced, BusinessError as above.
    """
    [prestation] = verrouiller_prestations([prestation_id])
    if prestation.statut != StatutPrestation.PENDING:
        raise Conflict(_("Cette prestation n’est plus modifiable."), code="care-not-pending")
    unitaire = prestation.tarif_montant if prix is None else prix
    _verifier(quantite, unitaire, prestation.devise)
    prestation.quantite, prestation.montant_unitaire = quantite, unitaire
    prestation.montant_total = quantize(quantite * unitaire, prestation.devise)
    prestation.save(update_fields=["quantite", "montant_unitaire", "montant_total"])
    record("care_corrected", prestation, acteur, new={"fields": ["montant_unitaire", "quantite"]})
    return prestation


@command
def retirer_prestations(*, prestations: Sequence[uuid.UUID], acteur: Acteur) -> None:
    """Take back prestations still pending, which nothing issued names.

    Raises Prestation.DoesNotExist, and Conflict when one is confirmed or invoiced.
    """
    for prestation in verrouiller_prestations(prestations):
        if prestation.statut != StatutPrestation.PENDING:
            raise Conflict(_("Cette prestation n’est plus modifiable."), code="care-not-pending")
        record("care_withdrawn", prestation, acteur, old={"session": str(prestation.session_id)})
        prestation.delete()


@command
def valider_prestations(*, prestations: Sequence[uuid.UUID], acteur: Acteur) -> list[Prestation]:
    """Confirm that the care was given. Raises Prestation.DoesNotExist, Conflict when one is not pending."""
    verrouillees = verrouiller_prestations(prestations)
    for prestation in verrouillees:
        prestation.statut = PRESTATION_TRANSITIONS.check("valider", prestation, acteur).target
        prestation.save(update_fields=["statut"])
        record("care_confirmed", prestation, acteur)
    return verrouillees


@command
def rattacher_aux_lignes(*, lignes: Mapping[uuid.UUID, uuid.UUID], acteur: Acteur) -> list[Prestation]:
    """Tie prestations (keys) to the lines (values) of the invoice just issued for them.

    Raises Prestation.DoesNotExist, and Conflict when one is invoiced already.
    """
    verrouillees = verrouiller_prestations(lignes.keys())
    for prestation in verrouillees:
        prestation.statut = PRESTATION_TRANSITIONS.check("facturer", prestation, acteur).target
        prestation.invoice_line_id = lignes[prestation.pk]
        prestation.save(update_fields=["statut", "invoice_line"])
    return verrouillees


def _tarif_de(tarifs: Mapping[str, Tarif], code: str, jour: dt.date) -> Tarif:
    try:
        return tarifs[code.strip().upper()]
    except KeyError:
        message = _("Aucun tarif en vigueur le %(jour)s pour le code %(code)s.")
        raise BusinessError(
            message % {"jour": f"{jour:%d/%m/%Y}", "code": code}, code="tariff-missing", field="code"
        ) from None


def _verifier(quantite: Decimal, prix: Decimal, devise: str) -> None:
    if not quantite.is_finite() or quantite <= 0 or quantite != quantite.quantize(Decimal("0.001")):
        raise BusinessError(
            _("La quantité est supérieure à zéro, avec trois décimales au plus."),
            code="quantity-invalid",
            field="quantite",
        )
    if not is_exact(prix, devise) or prix < 0:
        raise BusinessError(
            _("Ce prix ne peut pas être payé dans cette devise."), code="price-invalid", field="montant_unitaire"
        )
    if quantite * prix >= Decimal(10) ** 15:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large", field="montant_unitaire")


def _prestation(
    session: Session, tarif: Tarif, quantite: Decimal, prix: Decimal | None, moment: dt.datetime, acteur: Acteur
) -> Prestation:
    unitaire = tarif.montant if prix is None else prix
    _verifier(quantite, unitaire, tarif.devise)
    return Prestation(
        tenant_id=session.tenant_id,
        session=session,
        service_id=tarif.service_id,
        user_id=acteur.id if acteur.is_person else None,
        code_prestation=tarif.code,
        libelle=tarif.nom,
        type_recette=tarif.type_recette,
        quantite=quantite,
        tarif_montant=tarif.montant,
        montant_unitaire=unitaire,
        montant_total=quantize(quantite * unitaire, tarif.devise),
        devise=tarif.devise,
        date_prestation=moment,
    )
