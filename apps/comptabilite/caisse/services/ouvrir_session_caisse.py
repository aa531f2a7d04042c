"""Open a till with a float."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.contexte import (
    caissier_de,
    controler_montant,
    heure_locale,
    jour_local,
    moment_des_affaires,
)
from apps.comptabilite.caisse.facts import FONDS, RETRAIT, fait_de_caisse
from apps.comptabilite.caisse.models import Caisse, RepriseCaisse, SessionCaisse
from apps.comptabilite.caisse.selectors import (
    piece_de_la_session,
    session_ouverte,
    session_ouverte_de_la_caisse,
    solde_de_caisse,
)
from apps.organisations.models import Tenant
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.facts import publish
from apps.socle.money import plain


@command
def ouvrir_session_caisse(
    *,
    caisse_id: uuid.UUID,
    fonds: Decimal,
    acteur: Acteur,
    caissier_id: uuid.UUID | None = None,
    le: datetime | None = None,
    reprise: RepriseCaisse | None = None,
) -> SessionCaisse:
    """Open the till for the acting cashier with `fonds` in its drawer, in the tenant's currency.

    A float equal to what the till held when it was last counted moves no money. A larger one is a
    booked transfer (fact `fonds_de_caisse`), a smaller one a booked withdrawal (`retrait_de_caisse`).
    `caissier_id` and `le` are the takeover actor's, and so is `reprise`: its session has no float,
    moves no money and takes no place at the counter, since what lay in the drawer then is not known.
    Raises Conflict when the till or the cashier has a session open, BusinessError for a bad float or
    a till out of service, NotAllowed.
    """
    tenant = current_tenant()
    caissier = caissier_de(acteur, caissier_id)
    moment = moment_des_affaires(le, acteur)
    controler_montant(fonds, tenant.currency, "fonds")
    caisse = Caisse.objects.get(pk=caisse_id)
    if reprise is None:
        _controler(caisse, caissier, tenant)
    elif fonds or not acteur.is_takeover:
        raise NotAllowed(_("Une session sans comptage est celle d’une reprise, sans fonds."), code="float-refused")
    session = SessionCaisse(
        caisse=caisse, caissier_id=caissier, ouverte_le=moment, fonds=fonds, devise=tenant.currency, reprise=reprise
    )
    mouvement = fonds - solde_de_caisse(caisse.id) if reprise is None else None
    session.save(force_insert=True)
    if mouvement:
        type_fait = FONDS if mouvement > 0 else RETRAIT
        jour, piece = jour_local(moment, tenant), piece_de_la_session(session)
        publish(fait_de_caisse(type_fait, session, abs(mouvement), jour, acteur, piece))
    record("session_caisse_ouverte", session, acteur, new={"caisse": caisse.code, "fonds": plain(fonds)})
    return session


def _controler(caisse: Caisse, caissier: uuid.UUID, tenant: Tenant) -> None:
    if not caisse.actif:
        message = _("La caisse %s n’est plus en service.") % caisse.code
        raise BusinessError(message, code="till-out-of-service", field="caisse")
    occupee = session_ouverte_de_la_caisse(caisse.id)
    if occupee:
        dit = {
            "code": caisse.code,
            "qui": occupee.caissier.full_name,
            "heure": heure_locale(occupee.ouverte_le, tenant),
        }
        message = _("La caisse %(code)s est déjà ouverte par %(qui)s depuis %(heure)s.") % dit
        raise Conflict(message, code="till-already-open", field="caisse")
    sienne = session_ouverte(caissier)
    if sienne:
        dit = {"code": sienne.caisse.code, "heure": heure_locale(sienne.ouverte_le, tenant)}
        message = _("Vous tenez déjà la caisse %(code)s depuis %(heure)s : fermez-la d’abord.") % dit
        raise Conflict(message, code="cashier-already-open")
