"""Closing a period and posting to it at the same moment: one waits for the other, and neither slips by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from apps.comptabilite.grand_livre.models import CompteComptable, Exercice, Journal, Periode
from apps.comptabilite.grand_livre.services.ouvrir_exercice import assurer_exercice, mois, ouvrir_exercice
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, connexion, document, poster
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.scope import scope

pytestmark = pytest.mark.database

CLOTURE = "update comptabilite_periode set statut = 'FERMEE', fermee_le = now(), fermee_par = 'x' where id = %s"


@pytest.fixture
def ids(committed_tenant: Tenant) -> tuple[UUID, UUID, dict]:
    with scope(committed_tenant.id):
        comptes = dict(CompteComptable.objects.values_list("numero", "id"))
        ecriture = document([(comptes["5711"], 700, 0), (comptes["7588"], 0, 700)], Journal.objects.get(code="OD").id)
        return committed_tenant.id, Periode.objects.get(debut__lte=aujourd_hui(), fin__gte=aujourd_hui()).id, ecriture


def en_parallele(action: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    erreurs: list[BaseException] = []

    def executer() -> None:
        try:
            action()
        except errors.CheckViolation as erreur:
            erreurs.append(erreur)

    fil = threading.Thread(target=executer)
    fil.start()
    return fil, erreurs


def attend_un_verrou(observateur: psycopg.Connection, autre: psycopg.Connection) -> bool:
    """Wait, at most five seconds, until the other connection waits for a lock."""
    for _ in range(100):
        [bloque] = observateur.execute(
            "select count(*) > 0 from pg_locks where pid = %s and not granted", [autre.info.backend_pid]
        ).fetchone()
        observateur.rollback()
        if bloque:
            return True
        threading.Event().wait(0.05)
    return False


def test_a_closing_waits_for_the_posting_and_then_sees_it(ids: tuple[UUID, UUID, dict]) -> None:
    tenant, periode, ecriture = ids
    with (
        connexion("default", tenant) as caisse,
        connexion("default", tenant) as cloture,
        connexion("owner", tenant) as temoin,
    ):
        poster(caisse.cursor(), tenant, ecriture)
        fil, refus = en_parallele(lambda: cloture.execute(CLOTURE, [periode]))
        assert attend_un_verrou(temoin, cloture)
        caisse.commit()
        fil.join(10)
        assert [e.diag.constraint_name for e in refus] == ["comptabilite_periode_a_valider"]


def test_a_posting_waits_for_the_closing_and_is_then_refused(ids: tuple[UUID, UUID, dict]) -> None:
    tenant, periode, ecriture = ids
    with (
        connexion("default", tenant) as caisse,
        connexion("default", tenant) as cloture,
        connexion("owner", tenant) as temoin,
    ):
        cloture.execute(CLOTURE, [periode])
        fil, refus = en_parallele(lambda: poster(caisse.cursor(), tenant, ecriture))
        assert attend_un_verrou(temoin, caisse)
        cloture.commit()
        fil.join(10)
        assert [e.diag.constraint_name for e in refus] == ["comptabilite_periode_close"]


def test_a_closing_that_is_given_up_lets_the_posting_through(ids: tuple[UUID, UUID, dict]) -> None:
    tenant, periode, ecriture = ids
    with (
        connexion("default", tenant) as caisse,
        connexion("default", tenant) as cloture,
        connexion("owner", tenant) as temoin,
    ):
        cloture.execute(CLOTURE, [periode])
        fil, refus = en_parallele(lambda: poster(caisse.cursor(), tenant, ecriture))
        assert attend_un_verrou(temoin, caisse)
        cloture.rollback()
        fil.join(10)
        assert refus == []


def test_a_new_tenant_has_this_year_open(tenant: Tenant) -> None:
    annee = aujourd_hui().year
    exercice = Exercice.objects.get()
    assert (exercice.code, exercice.debut, exercice.fin) == (str(annee), date(annee, 1, 1), date(annee, 12, 31))
    periodes = list(Periode.objects.all())
    assert [periode.code for periode in periodes] == [f"{annee}-{n:02d}" for n in range(1, 13)]
    assert all(periode.est_ouverte for periode in periodes)


def test_a_takeover_s_first_day_opens_the_years_between(db: None) -> None:
    annee = aujourd_hui().year
    made = make_tenant(slug="reprise", name="Reprise", options={"premier_jour": date(annee - 2, 11, 3)})
    with scope(made.id):
        assert [e.code for e in Exercice.objects.all()] == [str(annee - 2), str(annee - 1), str(annee)]


def test_an_exercise_is_opened_once(tenant: Tenant) -> None:
    assert assurer_exercice(jour=aujourd_hui(), acteur=SYSTEM) == Exercice.objects.get()
    prochain = assurer_exercice(jour=date(aujourd_hui().year + 1, 3, 1), acteur=SYSTEM)
    assert prochain.periodes.count() == 12
    with pytest.raises(BusinessError, match="déjà"):
        ouvrir_exercice(debut=prochain.debut, fin=prochain.fin, acteur=SYSTEM)
    with pytest.raises(BusinessError, match="finit après"):
        ouvrir_exercice(debut=date(2050, 2, 1), fin=date(2050, 1, 1), acteur=SYSTEM)


def test_an_exercise_that_straddles_two_years(tenant: Tenant) -> None:
    exercice = ouvrir_exercice(debut=date(2040, 10, 15), fin=date(2041, 2, 10), acteur=SYSTEM)

    assert exercice.code == "2040-2041"
    assert [(p.debut, p.fin) for p in exercice.periodes.order_by("debut")] == [
        (date(2040, 10, 15), date(2040, 10, 31)),
        (date(2040, 11, 1), date(2040, 11, 30)),
        (date(2040, 12, 1), date(2040, 12, 31)),
        (date(2041, 1, 1), date(2041, 1, 31)),
        (date(2041, 2, 1), date(2041, 2, 10)),
    ]


def test_months_of_a_leap_year() -> None:
    assert [dernier.day for _, dernier in mois(date(2028, 1, 1), date(2028, 3, 31))] == [31, 29, 31]


def test_a_period_stays_inside_its_exercise(tenant: Tenant) -> None:
    from django.db import IntegrityError, transaction

    exercice = Exercice.objects.get()
    with pytest.raises(IntegrityError, match="leaves its exercise"), transaction.atomic():
        Periode.objects.create(exercice=exercice, code="2099-01", debut=date(2099, 1, 1), fin=date(2099, 1, 31))
