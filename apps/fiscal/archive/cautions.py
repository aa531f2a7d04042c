"""What must be known of an archive before it is taken for more than it is: a red chain, days that nothing seals."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.fiscal import closings
from apps.fiscal.models import FiscalIntegrityCheck
from apps.fiscal.selectors import latest_check, unanswered_failures
from apps.organisations.models import Tenant
from apps.socle.scope import require_scope
from apps.socle.screens.dates import short_date, short_instant


def cautions(since: date, until: date) -> list[str]:
    """Return, in sentences, what stands against an archive of these days; nothing when all is sealed and held."""
    return [*chain_cautions(), *_unsealed(since, until)]


def chain_cautions() -> list[str]:
    """Return what stands against any archive of the tenant in scope: the latest verification, or one without answer."""
    check, failure = latest_check(), unanswered_failures().first()
    if check is not None and not check.holds:
        said = _("La dernière vérification de la chaîne, le %(when)s, a échoué : %(what)s")
        return [said % _named(check)]
    if failure is not None:
        said = _("Une vérification de la chaîne a échoué le %(when)s et attend une réponse : %(what)s")
        return [said % _named(failure)]
    return []


def _named(check: FiscalIntegrityCheck) -> dict[str, str]:
    zone = ZoneInfo(Tenant.objects.only("time_zone").get(pk=require_scope()).time_zone)
    what = str((check.first_anomaly or {}).get("text", ""))
    return {"when": short_instant(check.created_at.astimezone(zone)), "what": what}


def _unsealed(since: date, until: date) -> list[str]:
    sealed = closings.sealed_until()
    first = max(since, sealed + timedelta(days=1)) if sealed else since
    if first > until:
        return []
    if first == until:
        return [_("La journée du %s n’est pas clôturée : rien ne scelle encore ses maillons.") % short_date(until)]
    said = _("Les journées du %(du)s au %(au)s ne sont pas clôturées : rien ne scelle encore leurs maillons.")
    return [said % {"du": short_date(first), "au": short_date(until)}]
