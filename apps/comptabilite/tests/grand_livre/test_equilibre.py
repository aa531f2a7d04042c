"""What PostgreSQL refuses of an entry, whoever writes it: the runtime role by its function, the owner by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from apps.comptabilite.grand_livre.models import CompteComptable, Ecriture, Journal, Periode
from apps.comptabilite.grand_livre.selectors import ecarts_totaux
from apps.comptabilite.grand_livre.services.fermer_periode import fermer_periode
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import (
    appeler,
    aujourd_hui,
    connexion,
    document,
    facture,
    fait_de,
    poster,
)
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant
from apps.socle.commands import check_deferred_constraints
from apps.socle.errors import BusinessError, message_of
from apps.socle.fields import uuid7
from apps.socle.scope import scope

pytestmark = pytest.mark.database


@dataclass
class Livre:
    """A committed tenant's ids, for SQL by hand."""

    tenant: UUID
    comptes: dict[str, UUID]
    journaux: dict[str, UUID]
    periode: UUID
    ecriture: UUID


@pytest.fixture
def livre(committed_tenant: Tenant) -> Livre:
    """A hospital with one posted sale of 5,000."""
    with scope(committed_tenant.id):
        fait = facture(("CONSULTATION", 5000))
        return Livre(
            committed_tenant.id,
            dict(CompteComptable.objects.values_list("numero", "id")),
            dict(Journal.objects.values_list("code", "id")),
            Periode.objects.get(debut__lte=aujourd_hui(), fin__gte=aujourd_hui()).id,
            Ecriture.objects.get(fait_id=fait.id).id,
        )


@pytest.fixture
def autre(livre: Livre) -> tuple[UUID, UUID]:
    """A second hospital, and one of its accounts."""
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        return voisin.id, CompteComptable.objects.get(numero="5711").id


@pytest.fixture
def owner(livre: Livre) -> Iterator[psycopg.Connection]:
    with connexion("owner", livre.tenant) as seconde:
        yield seconde


@pytest.fixture
def runtime(livre: Livre) -> Iterator[psycopg.Connection]:
    with connexion("default", livre.tenant) as seconde:
        yield seconde


def inserer_ecriture(
    c: psycopg.Connection, livre: Livre, montant: int, nombre: int, statut: str = "A_VALIDER", le: date | None = None
) -> UUID:
    pk = uuid7()
    c.execute(
        "insert into comptabilite_ecriture (id, tenant_id, journal_id, periode_id, date_ecriture, libelle, piece_justificative,"
        " devise, montant, nombre_lignes, statut, auteur_type, auteur_libelle, date_creation, date_modification)"
        " values (%s, %s, %s, %s, %s, 'Essai', '', 'XAF', %s, %s, %s, 'system', 'Système', now(), now())",
        [pk, livre.tenant, livre.journaux["OD"], livre.periode, le or aujourd_hui(), montant, nombre, statut],
    )
    return pk


def inserer_ligne(
    c: psycopg.Connection,
    livre: Livre,
    ecriture: UUID,
    ordre: int,
    numero: str,
    debit: int,
    credit: int,
    devise: str = "XAF",
    le: date | None = None,
) -> UUID:
    pk = uuid7()
    c.execute(
        "insert into comptabilite_ligneecriture (id, tenant_id, ecriture_id, ordre, compte_id, libelle, montant_debit,"
        " montant_credit, devise, jour) values (%s, %s, %s, %s, %s, 'Essai', %s, %s, %s, %s)",
        [pk, livre.tenant, ecriture, ordre, livre.comptes[numero], debit, credit, devise, le or aujourd_hui()],
    )
    return pk


def refuse(c: psycopg.Connection, constraint: str) -> errors.CheckViolation:
    """The commit is refused by that constraint, which has a French sentence."""
    with pytest.raises(errors.CheckViolation) as refus:
        c.commit()
    assert refus.value.diag.constraint_name == constraint
    assert message_of(constraint) is not None
    return refus.value


def test_a_whole_entry_is_accepted(livre: Livre, owner: psycopg.Connection) -> None:
    ecriture = inserer_ecriture(owner, livre, 700, 2)
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0)
    inserer_ligne(owner, livre, ecriture, 1, "7588", 0, 700)
    owner.commit()

    with scope(livre.tenant):
        assert Ecriture.objects.get(pk=ecriture).montant == 700
        assert ecarts_totaux() == []


def test_unbalanced(livre: Livre, owner: psycopg.Connection) -> None:
    ecriture = inserer_ecriture(owner, livre, 700, 2)
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0)
    inserer_ligne(owner, livre, ecriture, 1, "7588", 0, 699)
    refuse(owner, "comptabilite_equilibre")


def test_fewer_than_two_lines(livre: Livre, owner: psycopg.Connection) -> None:
    for lignes in (0, 1):
        ecriture = inserer_ecriture(owner, livre, 700, 2)
        for ordre in range(lignes):
            inserer_ligne(owner, livre, ecriture, ordre, "5711", 700, 0)
        refuse(owner, "comptabilite_lignes")


def test_a_late_line_even_balanced(livre: Livre, owner: psycopg.Connection) -> None:
    inserer_ligne(owner, livre, livre.ecriture, 2, "5711", 700, 0)
    inserer_ligne(owner, livre, livre.ecriture, 3, "7588", 0, 700)
    refuse(owner, "comptabilite_ligne_tardive")


def test_a_late_single_line(livre: Livre, owner: psycopg.Connection) -> None:
    inserer_ligne(owner, livre, livre.ecriture, 2, "5711", 700, 0)
    refuse(owner, "comptabilite_equilibre")


@pytest.mark.parametrize("etrangere", [{"devise": "EUR"}, {"le": aujourd_hui() - timedelta(days=1)}])
def test_a_line_of_another_day_or_currency(livre: Livre, owner: psycopg.Connection, etrangere: dict) -> None:
    ecriture = inserer_ecriture(owner, livre, 700, 2)
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0)
    inserer_ligne(owner, livre, ecriture, 1, "7588", 0, 700, **etrangere)
    refuse(owner, "comptabilite_ligne_etrangere")


def test_a_date_outside_its_period(livre: Livre, owner: psycopg.Connection) -> None:
    ailleurs = date(aujourd_hui().year - 1, 6, 15)
    ecriture = inserer_ecriture(owner, livre, 700, 2, le=ailleurs)
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0, le=ailleurs)
    inserer_ligne(owner, livre, ecriture, 1, "7588", 0, 700, le=ailleurs)
    refuse(owner, "comptabilite_periode_date")


def test_a_closed_period(livre: Livre, owner: psycopg.Connection) -> None:
    with scope(livre.tenant):  # the sale is validated first: it would block the closing
        comptable = make_acteur(Tenant.objects.get(pk=livre.tenant), "comptable")
        valider_ecritures(ids=[livre.ecriture], acteur=comptable)
    owner.execute(
        "update comptabilite_periode set statut = 'FERMEE', fermee_le = now(), fermee_par = 'x' where id = %s",
        [livre.periode],
    )
    owner.commit()
    ecriture = inserer_ecriture(owner, livre, 700, 2)
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0)
    inserer_ligne(owner, livre, ecriture, 1, "7588", 0, 700)
    refus = refuse(owner, "comptabilite_periode_close")
    assert json.loads(refus.diag.message_detail or "")["qui"] == "x"
    inserer_ecriture(owner, livre, 0, 0, statut="BROUILLON")
    refuse(owner, "comptabilite_periode_close")


def test_the_tables_refusal_names_the_period_and_who_closed_it(livre: Livre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The period closes between the service's check and the entry: what the person reads is the same."""
    with scope(livre.tenant):
        comptable = make_acteur(
            Tenant.objects.get(pk=livre.tenant), "comptable", first_name="Rose", last_name="Tchoumi"
        )
        valider_ecritures(ids=[livre.ecriture], acteur=comptable)
        periode = fermer_periode(periode_id=livre.periode, acteur=comptable)
        said = f"La période comptable {periode.code} est clôturée par Rose Tchoumi : plus rien ne s’y comptabilise."
        with pytest.raises(BusinessError, match=said):
            facture(("CONSULTATION", 5000))
        monkeypatch.setattr(Periode, "est_ouverte", True)
        with pytest.raises(BusinessError, match=said) as refus:
            facture(("CONSULTATION", 5000))
    assert refus.value.code == "period-closed"


def test_a_draft_may_be_unbalanced_until_it_is_submitted(livre: Livre, owner: psycopg.Connection) -> None:
    ecriture = inserer_ecriture(owner, livre, 0, 0, statut="BROUILLON")
    inserer_ligne(owner, livre, ecriture, 0, "5711", 700, 0)
    owner.commit()
    owner.execute(
        "update comptabilite_ecriture set statut = 'A_VALIDER', montant = 700, nombre_lignes = 2 where id = %s",
        [ecriture],
    )
    refuse(owner, "comptabilite_lignes")


def test_a_scope_left_before_the_commit_hides_nothing(livre: Livre, runtime: psycopg.Connection) -> None:
    boiteuse = document([(livre.comptes["5711"], 700, 0), (livre.comptes["7588"], 0, 600)], livre.journaux["OD"])
    cursor = runtime.cursor()
    appeler(cursor, livre.tenant, fait_de(cursor, livre.tenant, boiteuse), boiteuse)
    cursor.execute("select set_config('cauris.tenant', '', true)")
    with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
        runtime.commit()


def test_the_function_refuses_what_the_tables_refuse(livre: Livre, runtime: psycopg.Connection) -> None:
    for lignes, constraint in (
        ([("5711", 700, 0), ("7588", 0, 600)], "comptabilite_equilibre"),
        ([("5711", 700, 0)], "comptabilite_ecriture_lignes"),
        ([("5711", 700, 0), ("7588", 700, 700), ("7588", 0, 700)], "comptabilite_ligne_sens"),
        ([("5711", 700, 0), ("57", 0, 700)], "comptabilite_compte_imputable"),
        ([("5711", 700, 0), ("4714", 0, 700)], "comptabilite_compte_imputable"),
    ):
        mauvaise = document([(livre.comptes[n], debit, credit) for n, debit, credit in lignes], livre.journaux["OD"])
        with pytest.raises(errors.CheckViolation) as refus:
            poster(runtime.cursor(), livre.tenant, mauvaise)
        assert refus.value.diag.constraint_name == constraint
        assert message_of(constraint) is not None
        runtime.rollback()


def test_amounts_finer_than_the_currency(livre: Livre, runtime: psycopg.Connection) -> None:
    fine = document([(livre.comptes["5711"], 0, 0), (livre.comptes["7588"], 0, 0)], livre.journaux["OD"])
    fine["lignes"][0]["debit"] = fine["lignes"][1]["credit"] = "700.5"
    with pytest.raises(errors.CheckViolation) as refus:
        poster(runtime.cursor(), livre.tenant, fine)
    assert refus.value.diag.constraint_name == "comptabilite_ecriture_montant"


def test_an_amount_that_is_no_number_is_none(livre: Livre, runtime: psycopg.Connection) -> None:
    """In PostgreSQL NaN equals itself and is above zero: it would balance, and spoil the totals for ever."""
    folle = document([(livre.comptes["5711"], 0, 0), (livre.comptes["7588"], 0, 0)], livre.journaux["OD"])
    folle["lignes"][0]["debit"] = folle["lignes"][1]["credit"] = "NaN"
    with pytest.raises(errors.CheckViolation) as refus:
        poster(runtime.cursor(), livre.tenant, folle)
    assert refus.value.diag.constraint_name == "comptabilite_ecriture_montant_finite"


def test_the_function_posts_for_the_tenant_in_scope_only(
    livre: Livre, runtime: psycopg.Connection, autre: tuple[UUID, UUID]
) -> None:
    bonne = document([(livre.comptes["5711"], 700, 0), (livre.comptes["7588"], 0, 700)], livre.journaux["OD"])
    with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
        appeler(runtime.cursor(), autre[0], uuid4(), bonne)
    runtime.rollback()
    runtime.execute("select set_config('cauris.tenant', '', false)")
    with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
        appeler(runtime.cursor(), livre.tenant, uuid4(), bonne)


def test_the_function_takes_no_account_of_another_tenant(
    livre: Livre, runtime: psycopg.Connection, autre: tuple[UUID, UUID]
) -> None:
    volee = document([(autre[1], 700, 0), (livre.comptes["7588"], 0, 700)], livre.journaux["OD"])
    with pytest.raises(errors.ForeignKeyViolation):
        poster(runtime.cursor(), livre.tenant, volee)


def test_the_validation_function_keeps_to_its_tenant(
    livre: Livre, runtime: psycopg.Connection, autre: tuple[UUID, UUID]
) -> None:
    appel = "select numero from comptabilite_valider(%s, %s::uuid[], %s)"
    with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
        runtime.execute(appel, [autre[0], [livre.ecriture], uuid4()])
    runtime.rollback()
    with scope(autre[0]):
        voisin = make_acteur(Tenant.objects.get(), "comptable")
    runtime.execute("select set_config('cauris.tenant', %s, false)", [str(autre[0])])
    numeros = runtime.execute(appel, [autre[0], [livre.ecriture], voisin.id]).fetchall()
    assert numeros == [], "another tenant's entry is not there"


TABLES = ("comptabilite_ecriture", "comptabilite_ligneecriture", "comptabilite_totalcompte")


def test_the_runtime_role_only_reads(livre: Livre, runtime: psycopg.Connection) -> None:
    for table in TABLES:
        assert runtime.execute(f"select count(*) from {table}").fetchone() != (0,)
        for ordre in (
            "update {} set tenant_id = tenant_id",
            "delete from {}",
            "truncate {} cascade",
            "insert into {} (id) values (null)",
        ):
            with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
                runtime.execute(ordre.format(table))
            runtime.rollback()


REFUSES_AU_PROPRIETAIRE = (
    "update comptabilite_ecriture set libelle = 'autre'",
    "update comptabilite_ecriture set montant = montant + 1",
    "update comptabilite_ecriture set date_ecriture = date_ecriture - 1",
    "update comptabilite_ecriture set statut = 'BROUILLON'",
    "delete from comptabilite_ecriture",
    "truncate comptabilite_ecriture cascade",
    "update comptabilite_ligneecriture set montant_debit = montant_debit + 1 where montant_debit > 0",
    "update comptabilite_ligneecriture set libelle = 'autre'",
    "delete from comptabilite_ligneecriture",
    "truncate comptabilite_ligneecriture",
    "update comptabilite_totalcompte set jour = jour - 1",
    "delete from comptabilite_totalcompte",
    "truncate comptabilite_totalcompte",
    "update comptabilite_periode set debut = debut - 1",
    "delete from comptabilite_periode",
    "update comptabilite_exercice set fin = fin + 1",
    "delete from comptabilite_exercice",
    "update comptabilite_regleimputation set compte_id = (select id from comptabilite_comptecomptable where numero = '7588')",
    "delete from comptabilite_regleimputation",
)


def test_the_owner_changes_nothing_that_is_posted(livre: Livre, owner: psycopg.Connection) -> None:
    for ordre in REFUSES_AU_PROPRIETAIRE:
        with pytest.raises(errors.CheckViolation) as refus:
            owner.execute(ordre)
        assert refus.value.diag.constraint_name in {"socle_immutable", "socle_transition"}, ordre
        owner.rollback()


def test_a_validated_entry_is_frozen_for_the_owner(livre: Livre, owner: psycopg.Connection) -> None:
    with scope(livre.tenant):
        comptable = make_acteur(Tenant.objects.get(pk=livre.tenant), "comptable")
        valider_ecritures(ids=[livre.ecriture], acteur=comptable)
    for ordre in (
        "set numero_ecriture = 'ECR-2026-00009'",
        "set statut = 'A_VALIDER', numero_ecriture = null",
        "set validee_le = now()",
    ):
        with pytest.raises(errors.CheckViolation) as refus:
            owner.execute(f"update comptabilite_ecriture {ordre} where id = %s", [livre.ecriture])
        assert refus.value.diag.constraint_name in {"socle_immutable", "socle_transition"}
        owner.rollback()


def test_an_account_that_was_posted_to_keeps_its_number(livre: Livre, runtime: psycopg.Connection) -> None:
    for valeur in ("numero = '70619'", "imputable = false", "compte_parent_id = null"):
        with pytest.raises(errors.CheckViolation) as refus:
            runtime.execute(f"update comptabilite_comptecomptable set {valeur} where numero = '70611'")
        assert refus.value.diag.constraint_name == "comptabilite_compte_utilise"
        runtime.rollback()
    runtime.execute(
        "update comptabilite_comptecomptable set libelle = 'Consultations externes', actif = false where numero = '70611'"
    )
    runtime.execute("update comptabilite_comptecomptable set numero = '70619' where numero = '70612'")
    with pytest.raises(errors.CheckViolation):
        runtime.execute("delete from comptabilite_comptecomptable where numero = '70611'")


def test_a_journal_out_of_use_takes_no_entry(livre: Livre, runtime: psycopg.Connection) -> None:
    runtime.execute("update comptabilite_journal set actif = false where code = 'OD'")
    bonne = document([(livre.comptes["5711"], 700, 0), (livre.comptes["7588"], 0, 700)], livre.journaux["OD"])
    with pytest.raises(errors.CheckViolation) as refus:
        poster(runtime.cursor(), livre.tenant, bonne)
    assert refus.value.diag.constraint_name == "comptabilite_journal_actif"


def test_inside_a_test_the_command_asks_the_deferred_constraints(tenant: Tenant) -> None:
    comptes = dict(CompteComptable.objects.values_list("numero", "id"))
    journal = Journal.objects.get(code="OD").id
    with connection.cursor() as cursor:
        poster(cursor, tenant.id, document([(comptes["5711"], 700, 0), (comptes["7588"], 0, 700)], journal))
    check_deferred_constraints()

    assert Ecriture.objects.get().montant == 700
