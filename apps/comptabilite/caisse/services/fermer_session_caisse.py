"""Count the drawer and close the till."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import refuser_numero_de_carte
from apps.comptabilite.caisse.choices import StatutSession
from apps.comptabilite.caisse.contexte import controler_montant, jour_local, moment_des_affaires
from apps.comptabilite.caisse.facts import EXCEDENT, MANQUANT, fait_de_caisse
from apps.comptabilite.caisse.locks import session_verrouillee
from apps.comptabilite.caisse.models import SessionCaisse
from apps.comptabilite.caisse.selectors import especes_attendues, piece_de_la_session
from apps.comptabilite.caisse.transitions import SESSION_CAISSE
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, NotAllowed
from apps.socle.facts import publish
from apps.socle.money import format_amount, plain
from apps.socle.unit_of_work import write_waiting


@command
def fermer_session_caisse(
    *,
    session_caisse_id: uuid.UUID,
    compte: Decimal | None,
    acteur: Acteur,
    motif_ecart: str = "",
    le: datetime | None = None,
) -> SessionCaisse:
    """Close the session with `compte`, the cash counted in its drawer, in the session's currency.

    What differs from the float and the cash taken needs a reason and is published
    (`excedent_de_caisse` or `manquant_de_caisse`). `le` is the takeover actor's. A session of a
    takeover, and no other, closes without a count (None). Raises NotAllowed for another cashier's
    session, Conflict when it is closed, BusinessError for a bad count or a difference without
    reason, SessionCaisse.DoesNotExist.
    """
    write_waiting()  # what this command collected counts
    tenant = current_tenant()
    moment = moment_des_affaires(le, acteur)
    session = session_verrouillee(session_caisse_id)
    if not acteur.is_takeover and acteur.id != session.caissier_id:
        raise NotAllowed(_("Chaque caissier ferme sa propre caisse."), code="not-your-till")
    SESSION_CAISSE.check("fermer", session, acteur, already=lambda: _("Cette caisse est déjà fermée."))
    refuser_numero_de_carte(motif_ecart=motif_ecart)
    _compter(session, compte, motif_ecart.strip())
    session.statut, session.fermee_le = StatutSession.FERMEE, moment
    session.save(update_fields=["statut", "fermee_le", "attendu", "compte", "ecart", "motif_ecart"])
    if session.ecart:
        type_fait = EXCEDENT if session.ecart > 0 else MANQUANT
        jour, piece = jour_local(moment, tenant), piece_de_la_session(session)
        publish(fait_de_caisse(type_fait, session, abs(session.ecart), jour, acteur, piece))
    nombres = {nom: getattr(session, nom) for nom in ("attendu", "compte", "ecart")}
    dits = {nom: None if nombre is None else plain(nombre) for nom, nombre in nombres.items()}
    record("session_caisse_fermee", session, acteur, new=dits)
    return session


def _compter(session: SessionCaisse, compte: Decimal | None, motif: str) -> None:
    session.attendu, session.compte, session.motif_ecart = especes_attendues(session), compte, motif
    if session.sans_comptage is not (compte is None):
        raise BusinessError(_("Comptez le tiroir : une caisse se ferme avec son comptage."), code="till-count-required", field="compte")  # fmt: skip
    if compte is None:
        return
    controler_montant(compte, session.devise, "compte")
    session.ecart = compte - session.attendu
    if session.ecart and not motif:
        message = _("L’écart est de %s : dites pourquoi.") % format_amount(session.ecart, session.devise)
        raise BusinessError(message, code="difference-reason-required", field="motif_ecart")
