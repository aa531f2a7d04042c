"""What PostgreSQL refuses of movements and balances, each time with its French sentence."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, models, transaction

from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.mouvements.tests.factories import facturer, make_fait
from apps.organisations.tests.factories import make_tiers
from apps.socle.errors import constraint_name, from_integrity_error
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database

# constraint: what a copy of a valid movement, on another fact, says otherwise
REFUSES = {
    "mouvements_mvt_fait": {"fait_id": "fait_id"},
    "mouvements_mvt_mots": {"sens": "'biais'"},
    "mouvements_mvt_montant": {"montant": "0", "montant_regle": "0"},
    "mouvements_mvt_regle": {"montant_regle": "1"},
    "mouvements_mvt_precision": {"montant": "montant + 0.5"},
}


def copie(model: type[models.Model], changements: dict[str, str]) -> str:
    faites = {"id": "gen_random_uuid()", **changements}
    noms = [f.column for f in model._meta.local_concrete_fields]
    table = model._meta.db_table
    return f"insert into {table} ({', '.join(noms)}) select {', '.join(faites.get(n, n) for n in noms)} from {table} limit 1"


@pytest.mark.parametrize(("nom", "changements"), REFUSES.items(), ids=REFUSES.keys())
def test_a_wrong_movement_is_refused_in_french(tenant, nom, changements):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 1000)
    autre = make_fait(tenant, "invoice_issued", [1], tiers)
    sql = copie(MouvementFinancier, {"fait_id": f"'{autre.id}'::uuid", **changements})
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        connection.cursor().execute(sql)
    assert constraint_name(caught.value) == nom
    dit = from_integrity_error(caught.value)
    assert str(dit).endswith(".")
    assert str(dit)[0].isupper()
    assert "_" not in dit.code


def test_a_movement_begins_waiting(tenant):
    facturer(tenant, make_tiers(tenant), 1000)
    with pytest.raises(IntegrityError, match="cannot begin in state payé"), transaction.atomic():
        connection.cursor().execute(copie(MouvementFinancier, {"statut": "'payé'", "montant_regle": "montant"}))


SOLDES = {
    "mouvements_solde_unique": {},
    "mouvements_solde_precision": {"devise": "'XOF'", "montant_actuel": "0.5"},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("nom", "changements"), SOLDES.items(), ids=SOLDES.keys())
def test_a_wrong_balance_is_refused_to_the_owner_too(committed_tenant, nom, changements):
    with scope(committed_tenant.id):
        facturer(committed_tenant, make_tiers(committed_tenant), 1000)
    with connect_as("owner") as owner:
        owner.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.id)])
        with pytest.raises(Exception, match=nom):
            owner.execute(copie(SoldeTiers, changements))
    contrainte = next(c for c in SoldeTiers._meta.constraints if c.name == nom)
    assert str(contrainte.get_violation_error_message()).endswith(".")


def test_no_constraint_is_left_out():
    noms = {c.name for m in (MouvementFinancier, SoldeTiers) for c in m._meta.constraints}
    assert noms == REFUSES.keys() | SOLDES.keys() | {"mouvements_mvt_statut"}
