"""What a new hospital begins with."""

from __future__ import annotations

from apps.hospital.choices import SERVICES_PAR_DEFAUT
from apps.hospital.models import Hospital, Service
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur


def ouvrir_hopital(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Make the hospital's row and one service a type of revenue; nothing for a tenant of another kind."""
    if tenant.kind != Tenant.Kind.HOPITAL:
        return
    adresse = tenant.address or {}
    Hospital.objects.create(
        tenant=tenant,
        nom=tenant.name,
        adresse=", ".join(filter(None, (adresse.get("line1"), adresse.get("line2")))),
        ville=adresse.get("city", ""),
        pays=adresse.get("country_name", "") or tenant.country,
        code_postal=adresse.get("postal_code", ""),
        telephone=tenant.contact_phone,
        email=tenant.contact_email,
    )
    Service.objects.bulk_create(
        Service(tenant=tenant, code=code, nom=nom) for code, nom in SERVICES_PAR_DEFAUT.values()
    )
