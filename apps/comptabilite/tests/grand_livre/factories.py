"""Facts as the till and the invoices publish them, and the chart by number."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from apps.comptabilite.grand_livre.models import CompteComptable, Ecriture
from apps.organisations.models import Tiers
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.facts import FactDeclaration, FactLine, FactToPublish, PublishedFact, publish
from apps.socle.fields import uuid7
from tests.support.database import Alias, connect_as

_numeros = itertools.count(1)


def _declaration(type_fait: str, label: str, *roles: str, money: bool = True) -> FactDeclaration:
    return FactDeclaration(type_fait, label, "organisations.Tiers", "payment", "donnee_fiscale", roles, money)


DECLARATIONS = (
    _declaration("invoice_issued", "Facture émise", "creance", "produit", "taxe"),
    _declaration("quittance_emise", "Quittance émise", "reglement", "creance_reglee"),
    _declaration("fonds_de_caisse", "Fonds de caisse", "fonds", "provenance"),
    _declaration("excedent_de_caisse", "Excédent de caisse", "caisse", "ecart"),
    _declaration("manquant_de_caisse", "Manquant de caisse", "ecart", "caisse"),
    _declaration("tarif_change", "Tarif changé", "produit", money=False),
)

Ligne = tuple[str, int, Mapping[str, str]]


def aujourd_hui() -> date:
    return local_date("Africa/Douala")


@command
def publier(
    *,
    type_fait: str,
    lignes: list[Ligne],
    acteur: Acteur = SYSTEM,
    le: date | None = None,
    tiers: Tiers | None = None,
    devise: str = "XAF",
) -> PublishedFact:
    """Publish a fact as a producer does, inside a command."""
    numero = next(_numeros)
    source = Tiers.objects.create(code=f"S-{numero}", nom=f"Document {numero}", type=Tiers.Type.PATIENT)
    return publish(
        FactToPublish(
            type=type_fait,
            source=source,
            number=f"DOC-{numero:05d}",
            date=le or aujourd_hui(),
            currency=devise,
            lines=tuple(FactLine(role, Decimal(montant), "", criteres) for role, montant, criteres in lignes),
            acteur=acteur,
            key=f"essai:{numero}",
            snapshot={},
            tiers_id=tiers.id if tiers else None,
            tiers_label=tiers.nom if tiers else "",
        )
    )


def facture(*produits: tuple[str, int], acteur: Acteur = SYSTEM, **reste: object) -> PublishedFact:
    """An invoice of these (type of revenue, amount)."""
    lignes: list[Ligne] = [("creance", sum(montant for _, montant in produits), {})]
    lignes += [("produit", montant, {"type_recette": type_recette}) for type_recette, montant in produits]
    return publier(type_fait="invoice_issued", lignes=lignes, acteur=acteur, **reste)


def quittance(*reglements: tuple[str, int], acteur: Acteur = SYSTEM, **reste: object) -> PublishedFact:
    """A receipt paid by these (means or mobile operator, amount) at till C1."""
    lignes: list[Ligne] = []
    for moyen, montant in reglements:
        mobile = moyen in {"MTN", "ORANGE", "NEXTTEL", "CAMTEL"}
        criteres = {"moyen": "MOBILE", "operateur": moyen} if mobile else {"moyen": moyen}
        criteres["caisse"] = "C1"
        lignes += [("reglement", montant, criteres), ("creance_reglee", montant, criteres)]
    return publier(type_fait="quittance_emise", lignes=lignes, acteur=acteur, **reste)


def compte(numero: str) -> CompteComptable:
    return CompteComptable.objects.get(numero=numero)


def lues(fait: PublishedFact) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """The entries of a fact as (journal, [(account, debit, credit)])."""
    ecritures = Ecriture.objects.filter(fait_id=fait.id).order_by("id")
    return [
        (
            ecriture.journal.code,
            [
                (ligne.compte.numero, int(ligne.montant_debit), int(ligne.montant_credit))
                for ligne in ecriture.lignes.order_by("ordre")
            ],
        )
        for ecriture in ecritures
    ]


@contextmanager
def connexion(alias: Alias, tenant_id: UUID) -> Iterator[psycopg.Connection]:
    """A second connection, in a transaction of its own and in the tenant's scope; rolled back unless committed."""
    with connect_as(alias, autocommit=False) as seconde:
        seconde.execute("select set_config('cauris.tenant', %s, false)", [str(tenant_id)])
        seconde.commit()
        yield seconde
        seconde.rollback()


def document(
    lignes: list[tuple[UUID, int, int]], journal: UUID, le: date | None = None, **valeurs: object
) -> dict[str, Any]:
    """An entry of lines (account, debit, credit) as the posting function takes it, and its fact's day."""
    return {
        "id": str(uuid7()),
        "journal": str(journal),
        "date": (le or aujourd_hui()).isoformat(),
        "libelle": "Écriture d’essai",
        "lignes": [
            {
                "id": str(uuid7()),
                "ordre": rang,
                "compte": str(pk),
                "tiers": None,
                "libelle": "Ligne",
                "debit": str(debit),
                "credit": str(credit),
                "regle": None,
            }
            for rang, (pk, debit, credit) in enumerate(lignes)
        ],
        **valeurs,
    }


def poster(cursor: Any, tenant_id: UUID, *documents: dict[str, Any]) -> None:
    """Call the posting function for each document's own fact, and ask the deferred constraints at once."""
    for ecriture in documents:
        fait = fait_de(cursor, tenant_id, ecriture)
        appeler(cursor, tenant_id, fait, ecriture)
    cursor.execute("set constraints all immediate")
    cursor.execute("set constraints all deferred")


def appeler(cursor: Any, tenant_id: UUID, fait: UUID | None, *documents: dict[str, Any]) -> None:
    """Call the posting function alone."""
    cursor.execute("select comptabilite_comptabiliser(%s, %s, %s::jsonb)", [tenant_id, fait, json.dumps(documents)])


def fait_de(cursor: Any, tenant_id: UUID, ecriture: dict[str, Any], criteres: Mapping[str, str] | None = None) -> UUID:
    """Write by hand the fact that says what `ecriture` says, and a rule for each line: what stops it then is the entry itself."""
    fait, lignes = uuid7(), []
    for ligne in ecriture["lignes"]:
        role, sens = f"role-{ligne['ordre']}", "CREDIT" if ligne["debit"] == "0" else "DEBIT"
        ligne["regle"] = str(uuid7())
        cursor.execute(
            "insert into comptabilite_regleimputation (id, tenant_id, type_fait, role, moyen, operateur, caisse, compte_bancaire,"
            " service, type_recette, taxe, sens, compte_id, journal_id, cree_le, cree_par)"
            " values (%s, %s, %s, %s, '', '', '', '', '', '', '', %s, %s, %s, now(), 'essai')",
            [ligne["regle"], tenant_id, f"essai:{fait}", role, sens, ligne["compte"], ecriture["journal"]],
        )
        lignes.append({"role": role, "criteria": dict(criteres or {}), "amount": ligne[sens.lower()], "label": ""})
    cursor.execute(
        "insert into socle_fait (id, tenant_id, type, source_type, source_id, number, date, currency, lines, tiers_label,"
        " acteur_kind, acteur_label, key, snapshot, created_at)"
        " values (%s, %s, %s, 'organisations.Tiers', %s, 'ESSAI', %s, 'XAF', %s::jsonb, '', 'system', 'Système', %s, '{}', now())",
        [fait, tenant_id, f"essai:{fait}", fait, ecriture["date"], json.dumps(lignes), str(fait)],
    )
    return fait
