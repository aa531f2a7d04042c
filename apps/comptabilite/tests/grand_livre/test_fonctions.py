"""What the posting and validation functions take on trust: nothing that the database knows. Attacked as the runtime role."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from apps.comptabilite.grand_livre.imputation import CRITERES, LigneDeFait, choisir
from apps.comptabilite.grand_livre.models import (
    CompteComptable,
    Ecriture,
    ImputationEnAttente,
    Journal,
    LigneEcriture,
    RegleImputation,
)
from apps.comptabilite.grand_livre.services.comptabiliser import regles_du
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import (
    appeler,
    aujourd_hui,
    connexion,
    document,
    facture,
    fait_de,
    lues,
    quittance,
)
from apps.organisations.models import Membership, Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant, make_tiers
from apps.socle.errors import message_of
from apps.socle.facts import PublishedFact
from apps.socle.fields import uuid7
from apps.socle.models import Counter
from apps.socle.scope import scope

pytestmark = pytest.mark.database


@pytest.fixture
def livre(committed_tenant: Tenant) -> Iterator[psycopg.Connection]:
    """The runtime's connection in a hospital without entries."""
    with connexion("default", committed_tenant.id) as seconde:
        yield seconde


def ecriture_de(tenant: Tenant, journal: str = "OD", montant: int = 700) -> dict[str, Any]:
    with scope(tenant.id):
        comptes = dict(CompteComptable.objects.filter(numero__in=("5711", "7588")).values_list("numero", "id"))
        lignes = [(comptes["5711"], montant, 0), (comptes["7588"], 0, montant)]
        return document(lignes, Journal.objects.get(code=journal).id)


def refuse(sql: psycopg.Connection, nom: str, tenant: Tenant, fait: UUID | None, *documents: dict[str, Any]) -> None:
    """The call is refused under the constraint `nom`, which has its sentence; what came before it stays."""
    with pytest.raises(errors.CheckViolation) as refus, sql.transaction():
        appeler(sql, tenant.id, fait, *documents)
    assert refus.value.diag.constraint_name == nom
    assert message_of(nom) is not None


# Posting ----------------------------------------------------------------------------------


def test_an_entry_comes_from_a_fact_of_its_tenant(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    bonne = ecriture_de(committed_tenant)
    refuse(livre, "comptabilite_fait_absent", committed_tenant, None, bonne)
    refuse(livre, "comptabilite_fait_absent", committed_tenant, uuid4(), bonne)
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        ailleurs = facture(("CONSULTATION", 700))
    refuse(livre, "comptabilite_fait_absent", committed_tenant, ailleurs.id, bonne)


def test_a_fact_is_posted_once_whatever_the_journal(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    """Two journals of one receipt are one call; a second call would double the books under another journal."""
    with scope(committed_tenant.id):
        recu = quittance(("ESPECES", 700), ("MTN", 300))
    for journal in ("OD", "CA", "BQ"):
        refuse(
            livre, "comptabilite_fait_comptabilise", committed_tenant, recu.id, ecriture_de(committed_tenant, journal)
        )
    with scope(committed_tenant.id):
        assert [journal for journal, _lignes in lues(recu)] == ["CA", "MM"]


def test_of_two_calls_for_one_fact_at_once_the_second_is_refused(
    committed_tenant: Tenant, livre: psycopg.Connection
) -> None:
    premiere, seconde = ecriture_de(committed_tenant), ecriture_de(committed_tenant)
    fait = fait_de(livre, committed_tenant.id, premiere)
    livre.commit()
    reprises = [{**ligne, "id": str(uuid7())} for ligne in premiere["lignes"]]
    seconde = {**seconde, "lignes": reprises}
    refus: list[str | None] = []

    def poster_aussi() -> None:
        with connexion("default", committed_tenant.id) as autre:
            try:
                appeler(autre, committed_tenant.id, fait, seconde)
            except errors.CheckViolation as erreur:
                refus.append(erreur.diag.constraint_name)

    appeler(livre, committed_tenant.id, fait, premiere)
    fil = threading.Thread(target=poster_aussi)
    fil.start()
    fil.join(0.3)
    assert fil.is_alive(), "it waits for the first"
    livre.commit()
    fil.join(10)
    assert refus == ["comptabilite_fait_comptabilise"]


def test_an_old_snapshot_does_not_post(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    bonne = ecriture_de(committed_tenant)
    fait = fait_de(livre, committed_tenant.id, bonne)
    livre.commit()
    livre.execute("set transaction isolation level repeatable read")
    with pytest.raises(errors.InvalidTransactionState, match="READ COMMITTED"):
        appeler(livre, committed_tenant.id, fait, bonne)


def autrement(nom: str, ecriture: dict[str, Any], tenant: Tenant) -> list[dict[str, Any]]:
    """`ecriture` told otherwise than its fact tells it."""
    debit, credit = ecriture["lignes"]
    with scope(tenant.id):
        etranger = make_tiers(tenant).id
        autre = CompteComptable.objects.get(numero="5211").id
        regle = RegleImputation.objects.filter(type_fait="invoice_issued", role="creance").get().id
    plus = [{**debit, "debit": "900"}, {**credit, "credit": "900"}]
    recopie = {**ecriture, "id": str(uuid7()), "journal": ecriture_de(tenant, "BQ")["journal"]}
    recopie["lignes"] = [{**ligne, "id": str(uuid7())} for ligne in ecriture["lignes"]]
    dits = {
        "nothing": [],
        "more": [{**ecriture, "lignes": plus}],
        "half of it": [{**ecriture, "lignes": [debit]}],
        "twice": [ecriture, recopie],
        "a line more": [{**ecriture, "lignes": [debit, credit, {**credit, "id": str(uuid7()), "ordre": 2}]}],
        "the other way round": [
            {
                **ecriture,
                "lignes": [{**debit, "debit": "0", "credit": "700"}, {**credit, "debit": "700", "credit": "0"}],
            }
        ],
        "another account": [{**ecriture, "lignes": [{**debit, "compte": str(autre)}, credit]}],
        "another journal": [{**ecriture, "journal": recopie["journal"]}],
        "no rule": [{**ecriture, "lignes": [{**debit, "regle": None}, credit]}],
        "another fact's rule": [{**ecriture, "lignes": [{**debit, "regle": str(regle)}, credit]}],
        "a stranger's account": [{**ecriture, "lignes": [{**debit, "tiers": str(etranger)}, credit]}],
    }
    return dits[nom]


@pytest.mark.parametrize(
    "nom",
    [
        "nothing",
        "more",
        "half of it",
        "twice",
        "a line more",
        "the other way round",
        "another account",
        "another journal",
        "no rule",
        "another fact's rule",
        "a stranger's account",
    ],
)
def test_entries_say_what_their_fact_says(committed_tenant: Tenant, livre: psycopg.Connection, nom: str) -> None:
    ecriture = ecriture_de(committed_tenant)
    fait = fait_de(livre, committed_tenant.id, ecriture)
    refuse(livre, "comptabilite_ecriture_du_fait", committed_tenant, fait, *autrement(nom, ecriture, committed_tenant))
    appeler(livre, committed_tenant.id, fait, ecriture)
    livre.commit()
    with scope(committed_tenant.id):
        assert Ecriture.objects.get(fait_id=fait).montant == 700


def test_the_database_chooses_the_rule_that_python_chooses(committed_tenant: Tenant) -> None:
    """Sixty contests of six rules that all accept the line, as many criteria as they please."""
    hasard = Random(20261120)
    ensembles = [noms for taille in range(len(CRITERES) + 1) for noms in combinations(CRITERES, taille)]
    with scope(committed_tenant.id):
        compte, journal = CompteComptable.objects.get(numero="5711"), Journal.objects.get(code="OD")
        for contest in range(60):
            for noms in hasard.sample(ensembles, 6):
                RegleImputation.objects.create(
                    type_fait=f"essai-{contest}", role="reglement", sens="DEBIT", compte=compte, journal=journal,
                    cree_par="essai", **dict.fromkeys(noms, "A"),
                )  # fmt: skip
    criteres = dict.fromkeys(CRITERES, "A")
    ligne = LigneDeFait("reglement", Decimal(1), criteres=criteres)
    with scope(committed_tenant.id), connexion("owner", committed_tenant.id) as sql:
        for contest in range(60):
            asked = [committed_tenant.id, f"essai-{contest}", aujourd_hui(), Jsonb(criteres)]
            found = sql.execute("select comptabilite_regle_de(%s, %s, %s, 'reglement', %s)", asked).fetchone()
            chosen = choisir(regles_du(f"essai-{contest}", aujourd_hui()), f"essai-{contest}", ligne, aujourd_hui())
            assert chosen is not None
            assert found == (chosen.id,)


@pytest.mark.parametrize("taux", ["19.25", "19.250", " 19.25 ", "0019.25"])
def test_a_rate_is_the_same_however_it_is_written(committed_tenant: Tenant, taux: str) -> None:
    ligne = LigneDeFait("taxe", Decimal(1), criteres={"taxe": taux})
    with scope(committed_tenant.id):
        compte, journal = CompteComptable.objects.get(numero="5711"), Journal.objects.get(code="OD")
        de_ce_taux = {"type_fait": "essai", "role": "taxe", "taxe": "19.250", "sens": "CREDIT", "cree_par": "essai"}
        taxee = RegleImputation.objects.create(compte=compte, journal=journal, **de_ce_taux).en_regle()
    assert choisir([taxee], "essai", ligne, aujourd_hui()) == taxee
    with connexion("owner", committed_tenant.id) as sql:
        asked = [committed_tenant.id, aujourd_hui(), Jsonb({"taxe": taux})]
        found = sql.execute("select comptabilite_regle_de(%s, 'essai', %s, 'taxe', %s)", asked).fetchone()
    assert found == (taxee.id,)


def test_a_wider_rule_than_the_most_specific_posts_nothing(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    """Mobile money of any operator in the place of MTN's account: both rules accept the line, one imputes it."""
    ecriture = ecriture_de(committed_tenant)
    fait = fait_de(livre, committed_tenant.id, ecriture, criteres={"moyen": "MOBILE", "operateur": "MTN"})
    etroite = str(uuid7())
    livre.execute(
        "insert into comptabilite_regleimputation select (jsonb_populate_record(r, jsonb_build_object('id', %s::text,"
        " 'operateur', 'MTN'))).* from comptabilite_regleimputation r where r.id = %s",
        [etroite, ecriture["lignes"][0]["regle"]],
    )
    refuse(livre, "comptabilite_ecriture_du_fait", committed_tenant, fait, ecriture)
    ecriture["lignes"][0]["regle"] = etroite
    appeler(livre, committed_tenant.id, fait, ecriture)


def test_date_author_document_and_state_are_the_facts(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    ecriture = ecriture_de(committed_tenant)
    fait = fait_de(livre, committed_tenant.id, ecriture)
    mensonge = {
        "fait": str(uuid4()),
        "date": "2001-01-01",
        "piece": "AUTRE",
        "devise": "EUR",
        "statut": "VALIDEE",
        "auteur_type": "user",
        "auteur_id": str(uuid4()),
        "auteur_libelle": "Personne",
        "le": "2001-01-01T00:00:00Z",
    }
    appeler(livre, committed_tenant.id, fait, {**ecriture, **mensonge})
    livre.commit()
    with scope(committed_tenant.id):
        posee = Ecriture.objects.get()
        assert (posee.fait_id, posee.date_ecriture, posee.piece_justificative) == (fait, aujourd_hui(), "ESSAI")
        assert (posee.devise, posee.statut, posee.auteur_libelle) == ("XAF", "A_VALIDER", "Système")
        assert (posee.auteur_type, posee.auteur_id) == ("system", None)
        assert posee.date_creation.year > 2001


# Validation -------------------------------------------------------------------------------

VALIDER = "select numero from comptabilite_valider(%s, %s::uuid[], %s)"


def valider(sql: psycopg.Connection, tenant: Tenant, personne: UUID | None, *faits: PublishedFact) -> list[str]:
    ids = [pk for fait in faits for (pk,) in sql.execute(
        "select id from comptabilite_ecriture where fait_id = %s", [fait.id]
    )]  # fmt: skip
    return [numero for (numero,) in sql.execute(VALIDER, [tenant.id, ids, personne])]


@pytest.fixture
def vendues(committed_tenant: Tenant) -> list[PublishedFact]:
    with scope(committed_tenant.id):
        caissier = make_acteur(committed_tenant, "caissier")
        return [facture(("CONSULTATION", n), acteur=caissier) for n in (100, 200)]


def test_the_function_takes_the_numbers_and_the_moment_itself(
    committed_tenant: Tenant, livre: psycopg.Connection, vendues: list[PublishedFact]
) -> None:
    comptable = make_acteur(committed_tenant, "comptable")
    annee = aujourd_hui().year
    assert valider(livre, committed_tenant, comptable.id, *vendues) == [f"ECR-{annee}-00001", f"ECR-{annee}-00002"]
    livre.commit()
    with scope(committed_tenant.id):
        assert all(e.validee_le > e.date_creation for e in Ecriture.objects.all())
        assert Counter.objects.get(kind="ECR").last == 2
        suivante = facture(("CONSULTATION", 300))
        ids = list(Ecriture.objects.filter(fait_id=suivante.id).values_list("id", flat=True))
        assert valider_ecritures(ids=ids, acteur=comptable) == [f"ECR-{annee}-00003"], "the service goes on from there"


def test_what_is_validated_takes_no_second_number(
    committed_tenant: Tenant, livre: psycopg.Connection, vendues: list[PublishedFact]
) -> None:
    comptable = make_acteur(committed_tenant, "comptable")
    valider(livre, committed_tenant, comptable.id, *vendues)
    assert valider(livre, committed_tenant, comptable.id, *vendues) == []
    assert livre.execute("select last from socle_counter where kind = 'ECR'").fetchall() == [(2,)]


def refuse_valider(
    sql: psycopg.Connection, nom: str, tenant: Tenant, personne: UUID | None, *faits: PublishedFact
) -> None:
    with pytest.raises(errors.CheckViolation) as refus, sql.transaction():
        valider(sql, tenant, personne, *faits)
    assert refus.value.diag.constraint_name == nom
    assert message_of(nom) is not None


def test_only_a_member_of_the_house_validates(
    committed_tenant: Tenant, livre: psycopg.Connection, vendues: list[PublishedFact]
) -> None:
    voisin = make_acteur(make_tenant(slug="saint-luc", name="Clinique Saint-Luc"), "comptable")
    parti = make_acteur(committed_tenant, "comptable")
    with scope(committed_tenant.id):
        Membership.objects.filter(user_id=parti.id).update(is_active=False)
    for personne in (None, uuid4(), voisin.id, parti.id):
        refuse_valider(livre, "comptabilite_valideur_membre", committed_tenant, personne, *vendues)


def test_who_caused_an_entry_does_not_validate_it_by_sql_either(
    committed_tenant: Tenant, livre: psycopg.Connection, vendues: list[PublishedFact]
) -> None:
    auteur = vendues[0].acteur
    refuse_valider(livre, "comptabilite_valideur_second", committed_tenant, auteur.id, *vendues)
    with scope(committed_tenant.id):
        assert not Counter.objects.filter(kind="ECR").exists()
        assert LigneEcriture.objects.count() == 4


# Pending imputations ----------------------------------------------------------------------

RESOUDRE = "update comptabilite_imputationenattente set statut = 'RESOLUE', resolue_le = now(), resolue_par_id = %s"


def en_attente(tenant: Tenant) -> tuple[PublishedFact, dict[str, Any]]:
    """A fact that waits for a rule, and an entry that says what it says."""
    with scope(tenant.id):
        fait = quittance(("TROC", 700))
        assert ImputationEnAttente.objects.get().statut == "EN_ATTENTE"
        for role, sens, numero in (("reglement", "DEBIT", "5711"), ("creance_reglee", "CREDIT", "4111")):
            journal, compte = Journal.objects.get(code="OD"), CompteComptable.objects.get(numero=numero)
            regle = {"type_fait": "quittance_emise", "role": role, "sens": sens, "moyen": "TROC", "cree_par": "essai"}
            RegleImputation(compte=compte, journal=journal, **regle).save()
        troc = {r.role: r for r in RegleImputation.objects.filter(moyen="TROC")}
    debit, credit = troc["reglement"], troc["creance_reglee"]
    ecriture = document([(debit.compte_id, 700, 0), (credit.compte_id, 0, 700)], debit.journal_id)
    for ligne, regle in zip(ecriture["lignes"], (debit, credit), strict=True):
        ligne["regle"] = str(regle.id)
    return fait, ecriture


@pytest.mark.parametrize(
    ("poster", "resoudre", "nom"),
    [
        (False, True, "comptabilite_attente_comptabilisee"),
        (True, False, "comptabilite_attente_comptabilisee"),
        (True, True, None),
    ],
    ids=["declared resolved", "posted behind it", "both"],
)
def test_what_waits_is_resolved_by_its_entries_and_by_nothing_else(
    committed_tenant: Tenant, livre: psycopg.Connection, poster: bool, resoudre: bool, nom: str | None
) -> None:
    """Declared resolved without them, a fact would never reach the books, and its period could close."""
    fait, ecriture = en_attente(committed_tenant)
    comptable = make_acteur(committed_tenant, "comptable")
    if poster:
        appeler(livre, committed_tenant.id, fait.id, ecriture)
    if resoudre:
        livre.execute(RESOUDRE, [comptable.id])
    if nom is None:
        livre.commit()
        return
    with pytest.raises(errors.CheckViolation) as refus:
        livre.commit()
    assert refus.value.diag.constraint_name == nom
    assert message_of(nom) is not None


def test_a_scope_left_before_the_commit_resolves_nothing(committed_tenant: Tenant, livre: psycopg.Connection) -> None:
    en_attente(committed_tenant)
    livre.execute(RESOUDRE, [make_acteur(committed_tenant, "comptable").id])
    livre.execute("select set_config('cauris.tenant', '', true)")
    with pytest.raises(errors.InsufficientPrivilege, match="out of scope"):
        livre.commit()
