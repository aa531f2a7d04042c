"""Facts for tests of the account, stored and heard as a receipt's or an invoice's are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from apps.mouvements.subscribers import sur_fait
from apps.organisations.models import Tenant, Tiers
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.clock import local_date
from apps.socle.facts import FactDeclaration, FactLine, PublishedFact
from apps.socle.fields import uuid7
from apps.socle.models import Fait
from apps.socle.money import plain
from apps.socle.scope import scope

ROLES = {"invoice_issued": "creance", "quittance_emise": "creance_reglee"}


def make_fait(
    tenant: Tenant,
    type_fait: str,
    montants: list[int | Decimal],
    tiers: Tiers | None,
    *,
    acteur: Acteur = SYSTEM,
    criteres: dict[str, str] | None = None,
    jour: date | None = None,
    devise: str = "XAF",
    numero: str = "",
    snapshot: dict[str, Any] | None = None,
) -> PublishedFact:
    """Store a fact of `type_fait` with a line an amount, as its producer would."""
    lignes = tuple(FactLine(ROLES.get(type_fait, "autre"), Decimal(m), "essai", criteres or {}) for m in montants)
    cle = uuid7()
    with scope(tenant.id):
        rang = Fait(
            tenant_id=tenant.id, type=type_fait, source_type="essai.Document", source_id=cle, number=numero or str(cle)[-8:],
            date=jour or local_date(tenant.time_zone), currency=devise,
            lines=[{"role": x.role, "amount": plain(x.amount), "label": x.label, "criteria": {}} for x in lignes],
            tiers_id=tiers.pk if tiers else None, tiers_label=tiers.nom if tiers else "", acteur_kind=acteur.kind,
            acteur_id=acteur.id, acteur_label=acteur.label, key=str(cle), snapshot=snapshot or {},
        )  # fmt: skip
        rang.save(force_insert=True)
    return PublishedFact(
        id=rang.id, tenant_id=tenant.id, type=type_fait, source_type=rang.source_type, source_id=cle, number=rang.number,
        declaration=FactDeclaration(type_fait, type_fait, "essai.Document", "payment", "donnee_fiscale"),
        date=rang.date, currency=devise, lines=lignes, tiers_id=rang.tiers_id, tiers_label=rang.tiers_label, acteur=acteur,
        snapshot=rang.snapshot, created_at=rang.created_at,
    )  # fmt: skip


def facturer(tenant: Tenant, tiers: Tiers, montant: int | Decimal, **valeurs: Any) -> PublishedFact:
    """An invoice of `montant` reaches the account of `tiers`, in the tenant's scope."""
    return _entendre(tenant, "invoice_issued", [montant], tiers, valeurs)


def regler(tenant: Tenant, tiers: Tiers, *montants: int | Decimal, piece: str = "", **valeurs: Any) -> PublishedFact:
    """A receipt of `montants`, which names the invoice `piece` when one is given, reaches the account of `tiers`."""
    if piece:
        valeurs["snapshot"] = {"facture": {"numero": piece}}
    return _entendre(tenant, "quittance_emise", list(montants), tiers, valeurs)


def _entendre(
    tenant: Tenant, type_fait: str, montants: list[Any], tiers: Tiers, valeurs: dict[str, Any]
) -> PublishedFact:
    fait = make_fait(tenant, type_fait, montants, tiers, **valeurs)
    with scope(tenant.id):
        sur_fait(fait)
    return fait
