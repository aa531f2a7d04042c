"""The documents' simplified entry is a view over the lines, closed like they are."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, facture, quittance
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def lire() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select v.date::date, v.debit::int, v.credit::int, v.reference_quittance, c.numero, v.libelle"
            " from comptabilite_financiere_ecriture_comptable v join comptabilite_comptecomptable c on c.id = v.compte_id"
            " order by v.id"
        )
        return cursor.fetchall()


def test_a_line_of_a_receipt_names_it(tenant: Tenant) -> None:
    vente = facture(("CONSULTATION", 500))
    encaissement = quittance(("ESPECES", 500))

    assert sorted(lire()) == sorted(
        [
            (aujourd_hui(), 500, 0, "", "4111", f"Facture émise {vente.number}"),
            (aujourd_hui(), 0, 500, "", "70611", f"Facture émise {vente.number}"),
            (aujourd_hui(), 500, 0, encaissement.number, "5711", f"Quittance émise {encaissement.number}"),
            (aujourd_hui(), 0, 500, encaissement.number, "4111", f"Quittance émise {encaissement.number}"),
        ]
    )


def test_another_tenant_s_lines_are_not_in_it(tenant: Tenant) -> None:
    facture(("CONSULTATION", 500))
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        assert lire() == []
    assert len(lire()) == 2


def test_it_reads_with_the_rights_of_its_reader(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select reloptions from pg_class where relname = 'comptabilite_financiere_ecriture_comptable'")
        assert cursor.fetchone() == (["security_invoker=true"],)
