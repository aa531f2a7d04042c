"""What a new tenant needs to issue invoices."""

from __future__ import annotations

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.facturation.numbers import open_sequence
from apps.facturation.selectors import countries_with_tax_rules
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError


def open_first_sequence(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Begin the numbers of this year; the country's tax rules are there for all tenants."""
    open_sequence(local_date(tenant.time_zone).year)


def require_known_country(tenant: Tenant) -> None:
    """Raise BusinessError for a country whose taxes no rule says: a tenant there could sell nothing."""
    known = countries_with_tax_rules(local_date(tenant.time_zone))
    if tenant.country in known:
        return
    message = _("Aucune règle de TVA n’est connue pour « %(country)s » : un établissement s’ouvre dans %(known)s.") % {
        "country": tenant.country,
        "known": ", ".join(f"{country_name(code)} ({code})" for code in known),
    }
    raise BusinessError(message, code="country-unknown", field="country")


def country_name(code: str) -> str:
    """Return the name of a country (ISO 3166-1 alpha-2) in the reader's language; the code where CLDR has none."""
    return Locale.parse(get_language() or "fr", sep="-").territories.get(code, code)
