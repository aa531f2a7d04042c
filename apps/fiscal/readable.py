"""The signed data of a link, laid out for a person: French words for known keys, nothing left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.fiscal.choices import ClosingType
from apps.fiscal.models import FiscalEntry
from apps.socle.facts import criterion_label, declarations, role_label
from apps.socle.money import decimals

# Keys that producers write, which are code: without accents, in one language. Roles have their words from who declares them.
LABELS = {
    "acteur": gettext_lazy("acteur"),
    "address": gettext_lazy("adresse"),
    "attendu": gettext_lazy("montant attendu"),
    "base": gettext_lazy("base hors taxe"),
    "buyer": gettext_lazy("client"),
    "caisse": gettext_lazy("caisse"),
    "caissier": gettext_lazy("caissier"),
    "category": gettext_lazy("type de recette"),
    "closing_date": gettext_lazy("dernier jour"),
    "closing_hash": gettext_lazy("empreinte de la clôture"),
    "closing_type": gettext_lazy("périodicité"),
    "code": gettext_lazy("code"),
    "collected": gettext_lazy("encaissé"),
    "compte": gettext_lazy("montant compté"),
    "credited": gettext_lazy("avoirs"),
    "currency": gettext_lazy("devise"),
    "date": gettext_lazy("date"),
    "date_naissance": gettext_lazy("date de naissance"),
    "deja_regle": gettext_lazy("déjà réglé"),
    "description": gettext_lazy("libellé"),
    "devise": gettext_lazy("devise"),
    "direction": gettext_lazy("sens"),
    "due_date": gettext_lazy("échéance"),
    "entries_count": gettext_lazy("maillons"),
    "environment": gettext_lazy("environnement"),
    "exemption": gettext_lazy("exonération"),
    "exoneration": gettext_lazy("exonération"),
    "external_id": gettext_lazy("référence externe"),
    "facture": gettext_lazy("facture"),
    "fermee_le": gettext_lazy("fermée le"),
    "first_sequence": gettext_lazy("premier maillon"),
    "fonds": gettext_lazy("fonds de caisse"),
    "fuseau": gettext_lazy("fuseau horaire"),
    "head_hash": gettext_lazy("empreinte de tête"),
    "hopital": gettext_lazy("hôpital"),
    "ht": gettext_lazy("hors taxe"),
    "id": gettext_lazy("identifiant"),
    "identifier": gettext_lazy("identifiant"),
    "invoiced": gettext_lazy("facturé"),
    "issue_date": gettext_lazy("date d’émission"),
    "kind": gettext_lazy("genre"),
    "label": gettext_lazy("libellé"),
    "last_sequence": gettext_lazy("dernier maillon"),
    "libelle": gettext_lazy("libellé"),
    "lignes": gettext_lazy("lignes"),
    "lines": gettext_lazy("lignes"),
    "merkle_root": gettext_lazy("racine de Merkle"),
    "montant": gettext_lazy("montant"),
    "motif": gettext_lazy("motif"),
    "moyen": gettext_lazy("moyen"),
    "name": gettext_lazy("nom"),
    "niu": gettext_lazy("NIU"),
    "nom": gettext_lazy("nom"),
    "notes": gettext_lazy("notes"),
    "number": gettext_lazy("numéro"),
    "numero": gettext_lazy("numéro"),
    "origin": gettext_lazy("origine"),
    "ouverte_le": gettext_lazy("ouverte le"),
    "paiements": gettext_lazy("paiements"),
    "patient": gettext_lazy("patient"),
    "phone": gettext_lazy("téléphone"),
    "position": gettext_lazy("rang"),
    "prix_unitaire": gettext_lazy("prix unitaire"),
    "quantite": gettext_lazy("quantité"),
    "quantity": gettext_lazy("quantité"),
    "rccm": gettext_lazy("RCCM"),
    "recu": gettext_lazy("reçu"),
    "reference": gettext_lazy("référence"),
    "rendu": gettext_lazy("rendu"),
    "reste_du": gettext_lazy("reste dû"),
    "role": gettext_lazy("rôle"),
    "rounding": gettext_lazy("arrondi"),
    "seller": gettext_lazy("vendeur"),
    "service_code": gettext_lazy("service"),
    "siret": gettext_lazy("SIRET"),
    "taux": gettext_lazy("taux"),
    "tax": gettext_lazy("taxe"),
    "tax_amount": gettext_lazy("montant de la taxe"),
    "tax_id": gettext_lazy("numéro fiscal"),
    "tax_rate": gettext_lazy("taux de taxe"),
    "taxe": gettext_lazy("taxe"),
    "tiers": gettext_lazy("tiers"),
    "total_ht": gettext_lazy("total hors taxe"),
    "total_tax": gettext_lazy("total des taxes"),
    "total_taxe": gettext_lazy("total des taxes"),
    "total_ttc": gettext_lazy("total taxe comprise"),
    "totals": gettext_lazy("totaux"),
    "ttc": gettext_lazy("taxe comprise"),
    "unit_price": gettext_lazy("prix unitaire"),
    "vat_number": gettext_lazy("numéro de TVA"),
    "version": gettext_lazy("version"),
    "rounded": gettext_lazy("arrondi"),
    "taxed": gettext_lazy("par taux de taxe"),
}

# Values of our own facts that are code as well.
VALUES = {("closing_type", str(kind)): kind.label for kind in ClosingType}


@dataclass(frozen=True)
class Node:
    """A key and its value; `children` when the value is an object or a list."""

    label: str
    value: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class SignedData:
    """What the signed bytes of a link say. Unreadable bytes leave it empty, so that a broken link can be looked at."""

    canonical: str
    signature: str
    readable: bool = False
    tenant_name: str = ""
    actor_label: str = ""
    actor_role: str = ""
    fact_label: str = ""
    document_date: date | None = None
    currency: str = ""
    tiers: str = ""
    lines: tuple[Mapping[str, Any], ...] = ()
    document: tuple[Node, ...] = ()


def signed_data(entry: FiscalEntry) -> SignedData:
    """Read the bytes that were signed, not the columns beside them."""
    raw = bytes(entry.data_canonical)
    shown = SignedData(raw.decode(errors="replace"), bytes(entry.signature).hex())
    try:
        return replace(shown, readable=True, **_said(json.loads(raw)))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return shown


def _said(content: Mapping[str, Any]) -> dict[str, Any]:
    fact = content["fact"]
    decimals(fact["currency"])  # a currency that nobody knows could not be shown
    return {
        **{name: str(content[name]) for name in ("tenant_name", "actor_label", "actor_role")},
        "document_date": date.fromisoformat(content["document_date"]),
        "fact_label": _fact_label(fact["type"]),
        "currency": fact["currency"],
        "tiers": fact["tiers"]["label"] if fact["tiers"] else "",
        "lines": tuple(_line(line) for line in fact["lines"]),
        "document": layout(content["document"]),
    }


def _fact_label(fact_type: str) -> str:
    """Return what happened in the words of the app that declared the fact; its type where none does any more."""
    return {declaration.type: str(declaration.label) for declaration in declarations()}.get(fact_type, fact_type)


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the fact: role, label, criteria, amount in the fact's currency."""
    return {
        "role": role_label(line["role"]),
        "label": line["label"],
        "criteria": ", ".join(criterion_label(name, value) for name, value in line["criteria"].items()),
        "amount": Decimal(line["amount"]),
    }


def layout(content: Any) -> tuple[Node, ...]:
    """Return an object or a list of the signed data as nodes, in its order; every value is there."""
    if isinstance(content, Mapping):
        return tuple(_node(label(key), VALUES.get((key, str(value)), value)) for key, value in content.items())
    return tuple(_node(str(rank), value) for rank, value in enumerate(content, start=1))


def label(key: str) -> str:
    """Return what a key is called on screen."""
    return str(LABELS.get(key, key.replace("_", " ")))


def _node(name: str, value: Any) -> Node:
    if isinstance(value, Mapping | list):
        return Node(name, children=layout(value)) if value else Node(name, "—")
    return Node(name, _text(value))


def _text(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    return str(value)
