"""A till opened or closed behind the services: what it must hold is recomputed, what differs must be booked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest
from psycopg import errors

from apps.comptabilite.caisse.facts import EXCEDENT, FONDS, MANQUANT, RETRAIT
from apps.comptabilite.caisse.models import SessionCaisse
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.tests.caisse.factories import REPRISE, Guichet, especes, make_facture, mobile
from apps.comptabilite.tests.caisse.test_sql import connexion
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import message_of
from apps.socle.fields import uuid7
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database

FERMER = (
    "update comptabilite_sessioncaisse set statut = 'FERMEE', fermee_le = now(), attendu = %s, compte = %s, ecart = %s,"
    " motif_ecart = %s where id = %s"
)


@pytest.fixture
def vendu(guichet_engage: Guichet) -> Guichet:
    """A till of 50,000 that took 10,000 in cash and 1,500 by mobile."""
    with scope(guichet_engage.tenant.id):
        facture = make_facture(guichet_engage)
        paiements = [especes(10_000), mobile(1500)]
        encaisser_facture(facture_id=facture.id, paiements=paiements, acteur=guichet_engage.caissiere)
    return guichet_engage


def fait(sql: psycopg.Connection, guichet: Guichet, type_fait: str, montant: int, source: object) -> None:
    """A fact written by hand for a session."""
    sql.execute(
        "insert into socle_fait (id, tenant_id, type, source_type, source_id, number, date, currency, lines, tiers_label,"
        " acteur_kind, acteur_label, key, snapshot, created_at) values (gen_random_uuid(), %s, %s, 'comptabilite.SessionCaisse',"
        " %s, '', now(), 'XAF', jsonb_build_array(jsonb_build_object('role', 'r', 'amount', %s::text)), '', 'system', 'essai',"
        " gen_random_uuid()::text, '{}', now())",
        [guichet.tenant.id, type_fait, source, str(montant)],
    )


def refuse(guichet: Guichet, nom: str | None, ecrire: Callable[[psycopg.Connection], object]) -> None:
    """What the runtime writes by hand is refused at commit under `nom`, which has its sentence; None: accepted."""
    with connexion("default", guichet.tenant.id) as sql:
        if nom is None:
            with sql.transaction():
                ecrire(sql)
            return
        with pytest.raises(errors.CheckViolation) as refus, sql.transaction():
            ecrire(sql)
    assert refus.value.diag.constraint_name == nom
    assert message_of(nom) is not None


@pytest.mark.parametrize(
    ("attendu", "compte", "faits", "nom"),
    [
        (0, 0, [], "comptabilite_session_attendu"),
        (50_000, 50_000, [], "comptabilite_session_attendu"),
        (61_500, 61_500, [], "comptabilite_session_attendu"),
        (60_000, 59_000, [], "comptabilite_session_ecart"),
        (60_000, 59_000, [(MANQUANT, 900)], "comptabilite_session_ecart"),
        (60_000, 59_000, [(EXCEDENT, 1000)], "comptabilite_session_ecart"),
        (60_000, 60_000, [(MANQUANT, 1000)], "comptabilite_session_ecart"),
        (60_000, 60_000, [], None),
        (60_000, 59_000, [(MANQUANT, 1000)], None),
        (60_000, 60_700, [(EXCEDENT, 700)], None),
    ],
)
def test_a_till_is_closed_on_what_it_must_hold(
    vendu: Guichet, attendu: int, compte: int, faits: list[tuple[str, int]], nom: str | None
) -> None:
    def fermer(sql: psycopg.Connection) -> None:
        sql.execute(FERMER, [attendu, compte, compte - attendu, "essai", vendu.session.id])
        for type_fait, montant in faits:
            fait(sql, vendu, type_fait, montant, vendu.session.id)

    refuse(vendu, nom, fermer)


def test_no_cash_comes_after_the_count(vendu: Guichet) -> None:
    """The count may be asked early (SET CONSTRAINTS): the payment that follows it in the transaction is refused."""
    quittance = uuid7()

    def fermer_puis_payer(sql: psycopg.Connection) -> None:
        sql.execute(
            "insert into comptabilite_quittance select (jsonb_populate_record(q, jsonb_build_object('id', %s::text,"
            " 'numero_quittance', 'Q', 'code_verification', 'C'))).* from comptabilite_quittance q",
            [str(quittance)],
        )
        sql.execute(FERMER, [60_000, 60_000, 0, "", vendu.session.id])
        sql.execute("set constraints comptabilite_session_caisse_juste immediate")
        sql.execute(
            "insert into comptabilite_paiementquittance (id, tenant_id, quittance_id, ordre, moyen, montant, devise, recu, rendu)"
            " values (gen_random_uuid(), %s, %s, 1, 'ESPECES', 1500, 'XAF', 1500, 0)",
            [vendu.tenant.id, quittance],
        )

    refuse(vendu, "comptabilite_quittance_session_ouverte", fermer_puis_payer)


@pytest.mark.parametrize(
    ("fonds", "faits", "nom"),
    [
        (1_000_000, [], "comptabilite_session_fonds"),
        (0, [], "comptabilite_session_fonds"),
        (70_000, [(FONDS, 9_000)], "comptabilite_session_fonds"),
        (60_000, [(FONDS, 60_000)], "comptabilite_session_fonds"),
        (60_000, [], None),
        (70_000, [(FONDS, 10_000)], None),
        (45_000, [(RETRAIT, 15_000)], None),
    ],
)
def test_a_float_that_differs_from_the_last_count_is_booked(
    vendu: Guichet, fonds: int, faits: list[tuple[str, int]], nom: str | None
) -> None:
    with scope(vendu.tenant.id):
        fermer_session_caisse(session_caisse_id=vendu.session.id, compte=Decimal(60_000), acteur=vendu.caissiere)

    def ouvrir(sql: psycopg.Connection) -> None:
        session = uuid7()
        sql.execute(
            "insert into comptabilite_sessioncaisse (id, tenant_id, caisse_id, caissier_id, ouverte_le, fonds, devise, statut,"
            " motif_ecart) values (%s, %s, %s, %s, now(), %s, 'XAF', 'OUVERTE', '')",
            [session, vendu.tenant.id, vendu.caisse.id, vendu.caissiere.id, fonds],
        )
        for type_fait, montant in faits:
            fait(sql, vendu, type_fait, montant, session)

    refuse(vendu, nom, ouvrir)


def test_a_scope_left_before_the_commit_hides_nothing(vendu: Guichet) -> None:
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(vendu.tenant.id)])
        sql.execute(FERMER, [0, 0, 0, "", vendu.session.id])
        sql.execute("select set_config('cauris.tenant', '', true)")
        with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
            sql.commit()


@command
def deux_jours(*, guichet: Guichet, acteur: object) -> list[SessionCaisse]:
    """A day closed and the next one opened and closed in one command, as a takeover may: the floats differ."""
    premiere = fermer_session_caisse(
        session_caisse_id=guichet.session.id, compte=Decimal(60_000), acteur=REPRISE, le=now()
    )
    options = {"caissier_id": guichet.caissiere.id, "acteur": REPRISE}
    seconde = ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=Decimal(20_000), **options)
    fermer_session_caisse(session_caisse_id=seconde.id, compte=Decimal(20_000), acteur=REPRISE)
    troisieme = ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=Decimal(30_000), **options)
    return [premiere, seconde, troisieme]


def test_several_sessions_of_one_transaction_each_see_the_count_before_them(vendu: Guichet) -> None:
    with scope(vendu.tenant.id):
        deux_jours(guichet=vendu, acteur=REPRISE)
        assert SessionCaisse.objects.count() == 3
