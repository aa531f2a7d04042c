"""A tariff of each kind; patients, visits and care come with the till's morning."""

from __future__ import annotations

from apps.hospital.tests.factories import make_tarif
from apps.organisations.models import Tenant


def make_specimens(tenant: Tenant) -> None:
    make_tarif(tenant, code="SPEC-ACTE")
    make_tarif(tenant, code="SPEC-EXAM", type_recette="LABORATOIRE")
