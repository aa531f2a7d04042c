"""Totals follow every change of lines and entries, and a recomputation finds what does not."""

from __future__ import annotations

import random
from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from apps.comptabilite.grand_livre.models import CompteComptable, Ecriture, Journal, LigneEcriture, TotalCompte
from apps.comptabilite.grand_livre.selectors import ecarts_totaux
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.grand_livre.tasks import verifier_totaux
from apps.comptabilite.tests.grand_livre.factories import (
    aujourd_hui,
    compte,
    connexion,
    document,
    facture,
    poster,
    quittance,
)
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant
from apps.socle.actors import Acteur
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def totaux(numero: str) -> dict[tuple[date, str], tuple[int, int, int]]:
    lignes = TotalCompte.objects.filter(compte__numero=numero)
    return {(t.jour, t.statut): (int(t.debit), int(t.credit), t.nombre) for t in lignes if t.nombre}


def test_totals_by_day_and_status(tenant: Tenant, comptable: Acteur) -> None:
    autre_jour = date(aujourd_hui().year, 1 if aujourd_hui().month != 1 else 2, 15)
    premiere = facture(("CONSULTATION", 5000), le=autre_jour)
    facture(("CONSULTATION", 3000), ("CONSULTATION", 1000))
    assert totaux("70611") == {(autre_jour, "A_VALIDER"): (0, 5000, 1), (aujourd_hui(), "A_VALIDER"): (0, 4000, 2)}

    valider_ecritures(ids=[Ecriture.objects.get(fait_id=premiere.id).id], acteur=comptable)

    assert totaux("70611") == {(autre_jour, "VALIDEE"): (0, 5000, 1), (aujourd_hui(), "A_VALIDER"): (0, 4000, 2)}
    assert ecarts_totaux() == []


def test_totals_equal_their_lines_after_anything(tenant: Tenant, comptable: Acteur) -> None:
    hasard = random.Random(20261001)
    premier = date(aujourd_hui().year, 1, 1)
    for _ in range(60):
        le = premier + timedelta(days=hasard.randrange((aujourd_hui() - premier).days + 1))
        if hasard.random() < 0.5:
            types = hasard.choices(["CONSULTATION", "LABORATOIRE", "PHARMACIE", "INCONNU"], k=hasard.randint(1, 4))
            facture(*[(type_recette, hasard.randrange(20_000)) for type_recette in types], le=le)
        else:
            moyens = hasard.choices(["ESPECES", "MTN", "CHEQUE", "AVOIR"], k=hasard.randint(1, 3))
            quittance(*[(moyen, hasard.randrange(20_000)) for moyen in moyens], le=le)
        if hasard.random() < 0.3:
            en_attente = list(Ecriture.objects.filter(statut="A_VALIDER").values_list("id", flat=True))
            if en_attente:
                valider_ecritures(
                    ids=hasard.sample(en_attente, hasard.randint(1, min(5, len(en_attente)))), acteur=comptable
                )

    assert Ecriture.objects.filter(statut="VALIDEE").count() > 5
    assert TotalCompte.objects.count() > 50
    assert ecarts_totaux() == []


@pytest.fixture
def livre(committed_tenant: Tenant) -> Tenant:
    with scope(committed_tenant.id):
        facture(("CONSULTATION", 5000), ("LABORATOIRE", 2000))
    return committed_tenant


def _changer(seconde: psycopg.Connection, vers: UUID) -> None:
    seconde.execute(
        "update comptabilite_ligneecriture l set compte_id = %s from comptabilite_comptecomptable c"
        " where c.id = l.compte_id and c.numero = '70611'",
        [vers],
    )
    seconde.commit()


def test_an_account_may_change_while_the_entry_is_to_validate_and_totals_follow(livre: Tenant) -> None:
    with scope(livre.id):
        vers = compte("70612").id
    with connexion("owner", livre.id) as seconde:
        _changer(seconde, vers)
    with scope(livre.id):
        assert totaux("70611") == {}
        assert totaux("70612") == {(aujourd_hui(), "A_VALIDER"): (0, 5000, 1)}
        assert totaux("70613") == {(aujourd_hui(), "A_VALIDER"): (0, 2000, 1)}
        assert ecarts_totaux() == []


def test_an_account_never_changes_once_validated(livre: Tenant) -> None:
    with scope(livre.id):
        vers = compte("70612").id
        comptable = make_acteur(livre, "comptable")
        valider_ecritures(ids=list(Ecriture.objects.values_list("id", flat=True)), acteur=comptable)
    with connexion("owner", livre.id) as seconde, pytest.raises(errors.CheckViolation) as refus:
        _changer(seconde, vers)
    assert refus.value.diag.constraint_name == "comptabilite_compte_fige"


def test_an_account_changes_to_one_that_receives_entries(livre: Tenant) -> None:
    with scope(livre.id):
        titre = compte("706").id
    with connexion("owner", livre.id) as seconde, pytest.raises(errors.CheckViolation) as refus:
        _changer(seconde, titre)
    assert refus.value.diag.constraint_name == "comptabilite_compte_imputable"


def test_the_nightly_check_finds_a_total_that_drifted(livre: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    autre = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    assert verifier_totaux() == 0
    with connexion("owner", livre.id) as seconde:
        seconde.execute(
            "update comptabilite_totalcompte set credit = credit + 1 where credit > 0 and debit = 0 and nombre = 1"
        )
        seconde.commit()

    with scope(livre.id):
        ecarts = ecarts_totaux()
        assert {e.compte_id for e in ecarts} == {compte("70611").id, compte("70613").id}
        assert {(e.credit - e.credit_lignes, e.nombre, e.nombre_lignes) for e in ecarts} == {(1, 1, 1)}
    with scope(autre.id):
        assert ecarts_totaux() == []
    with caplog.at_level("ERROR"):
        assert verifier_totaux() == 2
    assert "sainte-odile" in caplog.text


def test_the_check_finds_a_line_without_total(livre: Tenant) -> None:
    with connexion("owner", livre.id) as seconde:
        seconde.execute("alter table comptabilite_totalcompte disable trigger user")
        seconde.execute("delete from comptabilite_totalcompte")
        seconde.execute("alter table comptabilite_totalcompte enable always trigger cauris_guard")
        seconde.execute("alter table comptabilite_totalcompte enable always trigger cauris_no_truncate")
        seconde.commit()
    with scope(livre.id):
        assert {(e.nombre, e.nombre_lignes) for e in ecarts_totaux()} == {(0, 1)}
        assert len(ecarts_totaux()) == 3


def test_several_entries_share_their_totals(tenant: Tenant) -> None:
    comptes = dict(CompteComptable.objects.values_list("numero", "id"))
    journal = Journal.objects.get(code="OD").id
    documents = [document([(comptes["5711"], n, 0), (comptes["7588"], 0, n)], journal) for n in (100, 200, 300)]
    with connection.cursor() as cursor:
        poster(cursor, tenant.id, *documents)

    assert LigneEcriture.objects.count() == 6
    assert totaux("5711") == {(aujourd_hui(), "A_VALIDER"): (600, 0, 3)}
    assert ecarts_totaux() == []
