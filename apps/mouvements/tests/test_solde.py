"""The balance is the database's: kept by trigger, read by all, written by nobody."""

from __future__ import annotations

import logging
import threading
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, connections, transaction

from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.mouvements.selectors import EcartDeSolde, ecarts_de_solde, solde, soldes
from apps.mouvements.tasks import verifier_soldes
from apps.mouvements.tests.factories import facturer, regler
from apps.organisations.tests.factories import make_tenant, make_tiers
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


def test_one_balance_a_currency(tenant):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 1000)
    facturer(tenant, tiers, Decimal("10.50"), devise="EUR")
    regler(tenant, tiers, 400)
    assert [(s.devise, s.montant_initial, s.montant_actuel) for s in soldes(tiers.pk)] == [
        ("EUR", 0, Decimal("10.5")),
        ("XAF", 0, 600),
    ]
    dernier = MouvementFinancier.objects.filter(devise="XAF").latest("id")
    assert SoldeTiers.objects.get(devise="XAF").date_derniere_mise_a_jour == dernier.date_creation


def test_one_statement_of_many_rows_is_counted_once_a_row(tenant):
    """A bulk load: two accounts, both directions, one INSERT."""
    un, deux = make_tiers(tenant), make_tiers(tenant)
    facturer(tenant, un, 1000)
    facturer(tenant, deux, 300)
    noms = [f.column for f in MouvementFinancier._meta.local_concrete_fields]
    valeurs = [
        {"id": "gen_random_uuid()", "montant": "montant * 2", "type_mouvement": "'divers'"}.get(n, n) for n in noms
    ]
    autre_fait = "(select id from socle_fait f where f.tenant_id = m.tenant_id and f.id <> m.fait_id limit 1)"
    valeurs[noms.index("fait_id")] = autre_fait
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into mouvements_mouvementfinancier ({', '.join(noms)})"
            f" select {', '.join(valeurs)} from mouvements_mouvementfinancier m"
        )
    assert (solde(un.pk, "XAF"), solde(deux.pk, "XAF")) == (3000, 900)
    assert list(ecarts_de_solde()) == []


REFUSES_AU_COURANT = (
    "update mouvements_soldetiers set montant_actuel = 0",
    "delete from mouvements_soldetiers",
    "truncate mouvements_soldetiers",
    "insert into mouvements_soldetiers select * from mouvements_soldetiers",
    "delete from mouvements_mouvementfinancier",
    "truncate mouvements_mouvementfinancier cascade",
)


def test_the_runtime_role_writes_no_balance_and_deletes_no_movement(tenant, subtests):
    facturer(tenant, make_tiers(tenant), 1000)
    for sql in REFUSES_AU_COURANT:
        with subtests.test(sql), pytest.raises(Exception, match=r"permission denied|refused"), transaction.atomic():
            connection.cursor().execute(sql)


VIVANTES = {"statut", "montant_regle", "date_modification"}
FIXES = {
    "id": "gen_random_uuid()", "tenant_id": "gen_random_uuid()", "tiers_id": "gen_random_uuid()", "fait_id": "gen_random_uuid()",
    "type_mouvement": "'divers'", "sens": "'credit'", "montant": "montant + 1", "devise": "'EUR'",
    "date_mouvement": "now() - interval '1 day'", "date_echeance": "current_date", "methode_paiement": "'X'",
    "utilisateur_id": "gen_random_uuid()", "acteur_libelle": "'X'", "numero_piece_comptable": "'X'", "penalites": "1",
    "motif": "'X'", "reference_origine": "'X'", "module_origine": "'X'", "date_creation": "now() - interval '1 day'",
}  # fmt: skip


def test_every_column_of_a_movement_is_fixed_or_living():
    colonnes = {f.column for f in MouvementFinancier._meta.local_concrete_fields}
    assert colonnes == FIXES.keys() | VIVANTES


def test_no_fixed_column_of_a_movement_changes(tenant, subtests):
    facturer(tenant, make_tiers(tenant), 1000)
    for colonne, valeur in FIXES.items():
        refus = pytest.raises(Exception, match=r"UPDATE refused|cannot change")
        with subtests.test(colonne), refus, transaction.atomic():
            connection.cursor().execute(f"update mouvements_mouvementfinancier set {colonne} = {valeur}")


@pytest.mark.django_db(transaction=True)
def test_the_owner_changes_neither(committed_tenant):
    with scope(committed_tenant.id):
        facturer(committed_tenant, make_tiers(committed_tenant), 1000)
    attempts = [f"update mouvements_mouvementfinancier set {c} = {v}" for c, v in FIXES.items()]
    attempts += [
        f"{verb} {t}"
        for t in ("mouvements_mouvementfinancier", "mouvements_soldetiers")
        for verb in ("delete from", "truncate")
    ]
    attempts += [
        "update mouvements_soldetiers set devise = 'EUR'",
        "update mouvements_soldetiers set montant_initial = 5",
    ]
    with connect_as("owner") as owner:
        owner.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.id)])
        for sql in attempts:
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                owner.execute(sql)
            assert caught.value.diag.constraint_name == "socle_immutable", sql


def test_a_settled_movement_does_not_open_again(tenant):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 1000)
    regler(tenant, tiers, 1000)
    with pytest.raises(Exception, match="step payé to en_attente refused"), transaction.atomic():
        connection.cursor().execute("update mouvements_mouvementfinancier set statut = 'en_attente', montant_regle = 0")


@pytest.mark.django_db(transaction=True)
def test_a_hand_in_the_database_is_found_at_night(committed_tenant, caplog):
    """The owner may move the living column of a balance: the nightly check says where."""
    autre = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    tiers = make_tiers(committed_tenant)
    with scope(committed_tenant.id):
        facturer(committed_tenant, tiers, 1000)
    with scope(autre.id):
        facturer(autre, make_tiers(autre), 700)
    assert verifier_soldes() == 0
    with connect_as("maintenance") as maintenance:
        maintenance.execute("update mouvements_soldetiers set montant_actuel = 999 where tiers_id = %s", [tiers.pk])
    with scope(committed_tenant.id):
        assert list(ecarts_de_solde()) == [EcartDeSolde(tiers.pk, "XAF", Decimal(999), Decimal(1000))]
    with caplog.at_level(logging.ERROR):
        assert verifier_soldes() == 1
    assert "sainte-odile" in caplog.text
    assert "saint-luc" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_on_one_account_lose_no_franc(committed_tenant):
    tiers = make_tiers(committed_tenant)
    failures: list[BaseException] = []
    start = threading.Barrier(16)

    def write(rang: int) -> None:
        try:
            start.wait(timeout=20)
            for tour in range(3):
                with scope(committed_tenant.id):
                    (facturer if (rang + tour) % 2 else regler)(committed_tenant, tiers, 100)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    with scope(committed_tenant.id):
        assert MouvementFinancier.objects.count() == 48
        assert solde(tiers.pk, "XAF") == 0
        assert list(ecarts_de_solde()) == []
        assert set(MouvementFinancier.objects.values_list("statut", flat=True)) == {"payé"}


def test_another_tenants_accounts_do_not_exist(tenant, autre_tenant):
    facturer(autre_tenant, make_tiers(autre_tenant), 1000)
    assert not MouvementFinancier.objects.exists()
    assert not SoldeTiers.objects.exists()
    with connection.cursor() as cursor:
        for table in ("mouvements_mouvementfinancier", "mouvements_soldetiers", "vue_mouvements_financiers"):
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,), table
