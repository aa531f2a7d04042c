"""What this app publishes: an invoice was issued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.facturation.models import Invoice, InvoiceLine
from apps.organisations.models import Tiers
from apps.socle.actors import Acteur
from apps.socle.facts import FactDeclaration, FactLine, FactToPublish
from apps.socle.money import plain

INVOICE_ISSUED = FactDeclaration(
    type="invoice_issued",
    label=_("Facture émise"),
    source="facturation.Invoice",
    entry_type="invoice",
    legal_status="donnee_fiscale",
    roles=("creance", "produit", "taxe", "arrondi_gain", "arrondi_perte"),
    totals={
        "creance": "invoiced",
        "produit": "base",
        "taxe": "tax",
        "arrondi_gain": "rounding_gain",
        "arrondi_perte": "rounding_loss",
    },
)

ROLES = {
    "creance": pgettext_lazy("rôle d’un fait", "créance"),
    "produit": pgettext_lazy("rôle d’un fait", "produit"),
    "taxe": pgettext_lazy("rôle d’un fait", "taxe"),
    "arrondi_gain": pgettext_lazy("rôle d’un fait", "arrondi en notre faveur"),
    "arrondi_perte": pgettext_lazy("rôle d’un fait", "arrondi en faveur du client"),
}


def invoice_issued(invoice: Invoice, lines: Sequence[InvoiceLine], tiers: Tiers, acteur: Acteur) -> FactToPublish:
    """Return the fact of `invoice`: one receivable, one product a line, one tax a rate and category."""
    return FactToPublish(
        type=INVOICE_ISSUED.type,
        source=invoice,
        number=invoice.invoice_number,
        date=invoice.issue_date,
        currency=invoice.currency,
        lines=tuple(fact_lines(invoice, lines)),
        acteur=acteur,
        key=f"invoice:{invoice.pk}",
        snapshot=snapshot(invoice, lines, tiers, acteur),
        tiers_id=tiers.pk,
        tiers_label=invoice.buyer_name,
    )


def fact_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Iterator[FactLine]:
    """Yield the roles of an invoice; they balance: receivable (and loss) against products, taxes (and gain)."""
    yield FactLine("creance", invoice.total_ttc, f"{invoice.invoice_number} {invoice.buyer_name}")
    taxes: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        if line.is_rounding:
            role = "arrondi_gain" if line.total_ttc > 0 else "arrondi_perte"
            yield FactLine(role, abs(line.total_ttc), line.description)
            continue
        if line.total_ht:
            yield FactLine("produit", line.total_ht, line.description, _criteria(line))
        if line.tax_amount:
            key = (line.category, plain(line.tax_rate))
            taxes[key] = taxes.get(key, Decimal(0)) + line.tax_amount
    for (category, rate), amount in taxes.items():
        yield FactLine("taxe", amount, f"TVA {rate.replace('.', ',')} %", {"taxe": rate, "type_recette": category})


def _criteria(line: InvoiceLine) -> dict[str, str]:
    criteria = {"type_recette": line.category}
    if line.service_code:
        criteria["service"] = line.service_code
    if line.tax_rate:  # the closing of the day tells what each rate was taken on
        criteria["taxe"] = plain(line.tax_rate)
    return criteria


def snapshot(invoice: Invoice, lines: Sequence[InvoiceLine], tiers: Tiers, acteur: Acteur) -> dict[str, Any]:
    """Return the invoice as it stands, complete enough to print it again; amounts are strings in its currency."""
    return {
        "document": {
            "id": str(invoice.pk),
            "number": invoice.invoice_number,
            "issue_date": invoice.issue_date.isoformat(),
            "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
            "currency": invoice.currency,
            "direction": str(invoice.direction),
            "environment": str(invoice.environment),
            "external_id": invoice.external_id,
            "notes": invoice.notes,
        },
        "seller": {
            "name": invoice.seller_name,
            "address": invoice.seller_address,
            "phone": invoice.seller_phone,
            "siret": invoice.seller_siret,
            "vat_number": invoice.seller_vat_number,
            "niu": invoice.seller_niu,
            "rccm": invoice.seller_rccm,
        },
        "buyer": {
            "name": invoice.buyer_name,
            "identifier": invoice.buyer_identifier,
            "address": invoice.buyer_address,
            "tax_id": invoice.buyer_tax_id,
        },
        "tiers": {"id": str(tiers.pk), "code": tiers.code, "nom": tiers.nom},
        "lines": [_line_snapshot(line) for line in lines],
        "totals": {
            "ht": plain(invoice.total_ht),
            "tax": plain(invoice.total_tax),
            "rounding": plain(invoice.rounding),
            "ttc": plain(invoice.total_ttc),
        },
        "acteur": {"kind": str(acteur.kind), "label": acteur.label, "role": acteur.role},
        "origin": dict(invoice.metadata),
    }


def _line_snapshot(line: InvoiceLine) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "position": line.position,
        "category": line.category,
        "code": line.code,
        "service_code": line.service_code,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": plain(line.unit_price),
        "total_ht": plain(line.total_ht),
        "tax_rate": plain(line.tax_rate),
        "exemption": line.exemption,
        "tax_amount": plain(line.tax_amount),
        "total_ttc": plain(line.total_ttc),
    }
