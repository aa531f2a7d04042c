"""What the database refuses by itself, to the runtime login and to the owner alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from apps.comptabilite.caisse.facts import QUITTANCE
from apps.comptabilite.caisse.models import (
    AllocationPaiement,
    Cheque,
    DuplicataQuittance,
    FactureCaisse,
    HistoriqueFactureCaisse,
    LigneFactureCaisse,
    PaiementCarte,
    PaiementMobile,
    PaiementQuittance,
    Quittance,
    RegleValidation,
    SessionCaisse,
    Virement,
)
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.factories import Guichet, carte, cheque, especes, make_facture, mobile, virement
from apps.socle.clock import now
from apps.socle.errors import from_integrity_error, message_of
from apps.socle.fields import uuid7
from apps.socle.models import Fait
from apps.socle.numbering import next_number
from apps.socle.scope import scope
from tests.support.database import Alias, connect_as

pytestmark = pytest.mark.database

ISSUED = (
    AllocationPaiement, Cheque, DuplicataQuittance, FactureCaisse, HistoriqueFactureCaisse, LigneFactureCaisse, PaiementCarte,
    PaiementMobile, PaiementQuittance, Quittance, RegleValidation, SessionCaisse, Virement,
)  # fmt: skip
LIVING = {
    Cheque: {"date_encaissement"},
    FactureCaisse: {"statut"},
    SessionCaisse: {"statut"},
    Quittance: {"validee", "compte_comptable_id", "comptable_affectation_id", "date_affectation_compte"},
}
REFUSED = {"socle_immutable", "socle_transition", "comptabilite_ligne_facture_figee"}


@contextmanager
def connexion(alias: Alias, tenant_id: UUID) -> Iterator[psycopg.Connection]:
    """A second connection in the tenant's scope; each statement is a transaction of its own."""
    with connect_as(alias) as seconde:
        seconde.execute("select set_config('cauris.tenant', %s, false)", [str(tenant_id)])
        yield seconde


def vendu(guichet: Guichet) -> Quittance:
    """A receipt in the five means, reprinted once, at a till then closed."""
    with scope(guichet.tenant.id):
        facture = make_facture(guichet, "IM-SCA", "CONS-GEN")
        paiements = [especes(10_000), mobile(20_000), carte(20_000), cheque(20_000), virement(20_000)]
        quittance = encaisser_facture(facture_id=facture.id, paiements=paiements, acteur=guichet.caissiere)
        reimprimer_quittance(quittance_id=quittance.id, acteur=guichet.caissiere)
        fermer_session_caisse(
            session_caisse_id=guichet.session.id, compte=Decimal(60_500), motif_ecart="essai", acteur=guichet.caissiere
        )
    return quittance


def autre_valeur(column: str, kind: str) -> str:
    """SQL for another value than the one that stands."""
    if kind in {"numeric", "integer", "smallint", "bigint"}:
        return f'coalesce("{column}", 0) + 1'
    others = {
        "boolean": f'not "{column}"',
        "uuid": "gen_random_uuid()",
        "timestamp with time zone": "'2001-01-01T00:00:00Z'",
        "date": "'2001-01-01'",
        "jsonb": "'{\"autre\": 1}'",
    }
    return others.get(kind, f"'Z' || coalesce(left(\"{column}\", 1), '')")


@pytest.mark.parametrize("login", ["default", "owner"])
def test_nothing_issued_changes_by_sql(guichet_engage: Guichet, login: Alias) -> None:
    """Each fixed column of each issued table, then DELETE and TRUNCATE: refused, whoever asks."""
    vendu(guichet_engage)
    essais = 0
    with connexion(login, guichet_engage.tenant.id) as sql:
        for modele in ISSUED:
            table = modele._meta.db_table
            assert sql.execute(f"select count(*) from {table}").fetchone()[0] > 0, (
                f"{table} is empty: nothing was tried"
            )
            for column, kind in sql.execute(
                "select column_name, data_type from information_schema.columns where table_name = %s", [table]
            ).fetchall():
                if column in LIVING.get(modele, ()):
                    continue
                essais += 1
                _refuse(sql, f'update {table} set "{column}" = {autre_valeur(column, kind)}', login)
            _refuse(sql, f"delete from {table}", login)
            _refuse(sql, f"truncate {table} cascade", login)
    assert essais > 100


def _refuse(sql: psycopg.Connection, statement: str, login: Alias) -> None:
    with pytest.raises(psycopg.Error) as refus:
        sql.execute(statement)
    if login == "owner":
        assert refus.value.diag.constraint_name in REFUSED, statement
    else:
        assert refus.value.diag.constraint_name in REFUSED or isinstance(
            refus.value, psycopg.errors.InsufficientPrivilege
        ), statement


@pytest.mark.parametrize("login", ["default", "owner"])
@pytest.mark.parametrize(
    ("table", "pas"),
    [
        ("comptabilite_facturecaisse", ["EN_ATTENTE", "REJETEE", "VALIDEE", "INCONNU"]),
        ("comptabilite_sessioncaisse", ["OUVERTE", "INCONNU"]),
    ],
)
def test_no_step_outside_the_table(guichet_engage: Guichet, login: Alias, table: str, pas: list[str]) -> None:
    vendu(guichet_engage)
    with connexion(login, guichet_engage.tenant.id) as sql:
        for statut in pas:
            with pytest.raises(psycopg.errors.CheckViolation) as refus:
                sql.execute(f"update {table} set statut = %s", [statut])
            assert refus.value.diag.constraint_name == "socle_transition"


def sql(statement: str, *values: Any) -> None:
    """Run a statement of an attacker and then whatever was deferred, inside a savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def refusee(nom: str, statement: str, *values: Any) -> None:
    """The statement is refused under the constraint `nom`, which has its French sentence."""
    with pytest.raises(IntegrityError) as refus:
        sql(statement, *values)
    dit = from_integrity_error(refus.value)
    assert refus.value.__cause__.diag.constraint_name == nom
    assert dit is not None
    assert str(dit)
    assert dit.code


def test_lines_are_frozen_with_their_invoice(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    nom = "comptabilite_ligne_facture_figee"
    refusee(nom, "update comptabilite_lignefacturecaisse set montant = 0")
    refusee(nom, "delete from comptabilite_lignefacturecaisse")
    refusee(
        nom,
        "insert into comptabilite_lignefacturecaisse (id, tenant_id, facture_id, prestation_id, position, code, libelle, type_recette,"
        " service_code, quantite, prix_tarif, prix_unitaire, montant, devise)"
        " select gen_random_uuid(), tenant_id, facture_id, prestation_id, 99, code, libelle, type_recette, service_code, quantite,"
        " prix_tarif, prix_unitaire, montant, devise from comptabilite_lignefacturecaisse limit 1",
    )
    en_attente = make_facture(guichet, "LB-CRP")
    refusee(nom, "update comptabilite_lignefacturecaisse set facture_id = %s, position = 50", en_attente.id)


def test_an_invoice_that_waits_is_the_sum_of_its_lines(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    for statement in (
        "update comptabilite_facturecaisse set montant = montant + 1 where id = %s",
        "update comptabilite_lignefacturecaisse set montant = montant + 1 where facture_id = %s",
        "delete from comptabilite_lignefacturecaisse where facture_id = %s",
    ):
        refusee("comptabilite_facture_somme", statement, facture.id)


def test_an_invoice_is_neither_issued_nor_paid_by_hand(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    valide = "update comptabilite_facturecaisse set statut = 'VALIDEE', date_validation = now() where id = %s"
    refusee("comptabilite_facture_emise", valide, facture.id)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    paye = "update comptabilite_facturecaisse set statut = 'PAYEE' where id = %s"
    refusee("comptabilite_facture_somme", paye, facture.id)


def test_rejected_once_stays_rejected_once(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    rejeter_facture(facture_id=facture.id, commentaire="non", acteur=guichet.comptable)
    oublie = "update comptabilite_facturecaisse set deja_rejetee = false where id = %s"
    refusee("comptabilite_facture_deja_rejetee", oublie, facture.id)
    muet = "update comptabilite_facturecaisse set commentaire_rejet = '' where id = %s"
    refusee("comptabilite_facture_rejet", muet, facture.id)


def inserer(guichet: Guichet, facture: FactureCaisse, **valeurs: Any) -> Quittance:
    """A receipt inserted behind the service, as an attacker or a defect of ours would."""
    defauts = {
        "numero_quittance": next_number(kind="QUIT", year=now().year),
        "facture": facture,
        "session_caisse": guichet.session,
        "session": facture.session,
        "caissier_id": guichet.caissiere.id,
        "date_paiement": now(),
        "montant_paye": 1000,
        "devise": "XAF",
        "code_verification": str(uuid7())[-14:],
        "donnees": {},
    }
    quittance = Quittance(**{**defauts, **valeurs})
    quittance.save(force_insert=True)
    return quittance


@transaction.atomic
def tenter(guichet: Guichet, facture: FactureCaisse, ecrire: Any, *, avec_fait: bool) -> None:
    """Write a receipt by hand, whatever `ecrire` adds to it, and ask what was deferred."""
    quittance = inserer(guichet, facture)
    if avec_fait:
        publier_a_la_main(quittance)
    ecrire(facture, quittance)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def publier_a_la_main(quittance: Quittance) -> None:
    Fait(
        tenant_id=quittance.tenant_id,
        type=QUITTANCE,
        source_type="comptabilite.Quittance",
        source_id=quittance.id,
        date=now().date(),
        currency="XAF",
        lines=[],
        acteur_kind="system",
        acteur_label="essai",
        key=str(quittance.id),
        snapshot={},
    ).save(force_insert=True)


@pytest.mark.parametrize(
    ("ecrire", "nom"),
    [
        (lambda f, q: None, "comptabilite_quittance_somme"),
        (lambda f, q: payer(q, 999), "comptabilite_quittance_somme"),
        (lambda f, q: payer(q, 1000, devise="EUR"), "comptabilite_quittance_somme"),
        (lambda f, q: payer(q, 1000), "comptabilite_allocation_somme"),
        (lambda f, q: allouer(payer(q, 1000), f, 999), "comptabilite_allocation_somme"),
        (lambda f, q: allouer(payer(q, 1000, moyen="MOBILE"), f, 1000), "comptabilite_paiement_reference"),
        (lambda f, q: mobile_de(allouer(payer(q, 1000), f, 1000)), "comptabilite_paiement_reference"),
        (lambda f, q: payer(q, 1000, recu=900), "comptabilite_paiement_especes"),
        (lambda f, q: payer(q, 1000, moyen="BITCOIN"), "comptabilite_paiement_moyen"),
    ],
)
def test_a_receipt_that_does_not_add_up_cannot_be_committed(guichet: Guichet, ecrire: Any, nom: str) -> None:
    facture = issue(guichet)
    with pytest.raises(IntegrityError) as refus:
        tenter(guichet, facture, ecrire, avec_fait=True)
    assert refus.value.__cause__.diag.constraint_name == nom
    assert message_of(nom) is not None


def test_a_receipt_that_adds_up_needs_its_fact(guichet: Guichet) -> None:
    facture = issue(guichet)
    with pytest.raises(IntegrityError) as refus:
        tenter(guichet, facture, lambda f, q: allouer(payer(q, 1000), f, 1000), avec_fait=False)
    assert refus.value.__cause__.diag.constraint_name == "socle_fact_required"
    tenter(guichet, facture, lambda f, q: allouer(payer(q, 1000), f, 1000), avec_fait=True)


def issue(guichet: Guichet) -> FactureCaisse:
    return valider_facture(facture_id=make_facture(guichet).id, acteur=guichet.comptable)


def payer(
    quittance: Quittance, montant: int, moyen: str = "ESPECES", devise: str = "XAF", recu: int | None = None
) -> PaiementQuittance:
    especes_ = moyen == "ESPECES"
    paiement = PaiementQuittance(
        quittance=quittance,
        ordre=1,
        moyen=moyen,
        montant=montant,
        devise=devise,
        recu=(montant if recu is None else recu) if especes_ else None,
        rendu=0 if especes_ else None,
    )
    paiement.save(force_insert=True)
    return paiement


def allouer(paiement: PaiementQuittance, facture: FactureCaisse, montant: int) -> PaiementQuittance:
    ligne = facture.invoice.lines.order_by("position").first()
    AllocationPaiement(paiement=paiement, invoice_line=ligne, montant=montant, devise="XAF").save(force_insert=True)
    return paiement


def mobile_de(paiement: PaiementQuittance) -> None:
    PaiementMobile(paiement=paiement, operateur="MTN", numero_payant="6", reference_transaction="X").save(
        force_insert=True
    )


def test_a_line_receives_neither_too_much_nor_from_another_invoice(guichet: Guichet) -> None:
    facture, autre = issue(guichet), issue(guichet)
    encaisser_facture(facture_id=facture.id, paiements=[especes(4500)], acteur=guichet.caissiere)
    for ecrire in (
        lambda f, q: allouer(payer(q, 1000), f, 1000),  # 500 are left on the first line
        lambda f, q: allouer(payer(q, 1000), autre, 1000),
    ):
        with pytest.raises(IntegrityError) as refus:
            tenter(guichet, facture, ecrire, avec_fait=True)
        assert refus.value.__cause__.diag.constraint_name == "comptabilite_allocation_ligne"


def test_a_payment_already_allocated_takes_no_more(guichet: Guichet) -> None:
    facture = issue(guichet)
    paiement = encaisser_facture(
        facture_id=facture.id, paiements=[especes(5000)], acteur=guichet.caissiere
    ).paiements.get()
    seconde = facture.invoice.lines.order_by("position")[1]
    refusee(
        "comptabilite_allocation_somme",
        "insert into comptabilite_allocationpaiement (id, tenant_id, paiement_id, invoice_line_id, montant, devise)"
        " values (gen_random_uuid(), %s, %s, %s, 1, 'XAF')",
        guichet.tenant.id,
        paiement.id,
        seconde.id,
    )


def test_a_receipt_is_issued_by_the_holder_of_an_open_till(guichet: Guichet) -> None:
    facture = issue(guichet)
    nom = "comptabilite_quittance_session_ouverte"
    with pytest.raises(IntegrityError) as refus, transaction.atomic():
        inserer(guichet, facture, caissier_id=guichet.comptable.id)
    assert refus.value.__cause__.diag.constraint_name == nom
    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=Decimal(50_000), acteur=guichet.caissiere)
    with pytest.raises(IntegrityError) as refus, transaction.atomic():
        inserer(guichet, facture)
    assert refus.value.__cause__.diag.constraint_name == nom


@pytest.mark.parametrize("masque", ["4970101234567893", "0973", "****097", "497010******7893", ""])
def test_no_card_number_enters_the_table(guichet: Guichet, masque: str) -> None:
    facture = make_facture(guichet)
    encaisser_facture(facture_id=facture.id, paiements=[carte(1000)], acteur=guichet.caissiere)
    refusee(
        "comptabilite_carte_masquee",
        "insert into comptabilite_paiementcarte (id, tenant_id, paiement_id, numero_carte_masque, reference_transaction, terminal_id)"
        " select gen_random_uuid(), tenant_id, paiement_id, %s, 'autre', '' from comptabilite_paiementcarte",
        masque,
    )


def test_sql_refuses_that_the_issuer_validates_its_own_invoice(guichet):
    facture = make_facture(guichet)
    with pytest.raises(IntegrityError, match="comptabilite_facture_second_person"), transaction.atomic():
        FactureCaisse.objects.filter(pk=facture.pk).update(comptable_validateur_id=guichet.caissiere.id)
