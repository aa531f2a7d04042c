"""Where, when and for whom the till works: what every service asks first."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.errors import BusinessError, NotAllowed
from apps.socle.money import LARGEST, finest, is_exact


def moment_des_affaires(le: datetime | None, acteur: Acteur) -> datetime:
    """Return when it happens: now, or the past moment `le` that only the takeover actor may give.

    Raises NotAllowed for anybody else and BusinessError for a moment to come.
    """
    maintenant = now()
    if le is None:
        return maintenant
    if not acteur.is_takeover:
        raise NotAllowed(_("Seule une reprise peut porter une date passée."), code="business-date-refused", field="le")
    if le > maintenant:
        raise BusinessError(_("Cette date est dans l’avenir."), code="date-in-the-future", field="le")
    return le


def jour_local(moment: datetime, tenant: Tenant) -> date:
    """Return the day of `moment` where `tenant` works."""
    return moment.astimezone(ZoneInfo(tenant.time_zone)).date()


def heure_locale(moment: datetime, tenant: Tenant) -> str:
    """Return the time of `moment` where `tenant` works, as people read it: 10:42."""
    return f"{moment.astimezone(ZoneInfo(tenant.time_zone)):%H:%M}"


def caissier_de(acteur: Acteur, caissier_id: uuid.UUID | None) -> uuid.UUID:
    """Return whose hand it is: the acting person's own, or the cashier whom the takeover actor names.

    Raises NotAllowed when a person names somebody else, and for the system, which holds no till.
    """
    if acteur.is_person and acteur.id and caissier_id in {None, acteur.id}:
        return acteur.id
    if acteur.is_takeover and caissier_id:
        return caissier_id
    raise NotAllowed(_("Un caissier n’agit que pour lui-même."), code="cashier-required", field="caissier")


def controler_montant(montant: Decimal, devise: str, champ: str) -> None:
    """Raise BusinessError beside `champ` unless `montant` is zero or more and can be paid in `devise`."""
    if not montant.is_finite() or montant < 0:
        raise BusinessError(_("Le montant ne peut pas être négatif."), code="negative-amount", field=champ)
    if montant > LARGEST:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large", field=champ)
    if not is_exact(montant, devise):
        raise BusinessError(finest(devise), code="amount-too-fine", field=champ)
