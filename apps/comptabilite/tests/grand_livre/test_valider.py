"""Validation numbers without gaps, freezes, and keeps issuer and validator apart."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.grand_livre.selectors import balance, nombre_a_valider
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, facture, quittance
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant
from apps.socle.actors import SYSTEM, Acteur, takeover_actor
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def ids() -> list:
    return list(Ecriture.objects.values_list("id", flat=True))


def test_numbers_follow_the_dates(tenant: Tenant, comptable: Acteur, caissier: Acteur) -> None:
    annee = aujourd_hui().year
    tard = facture(("CONSULTATION", 100), acteur=caissier, le=date(annee, 5, 3))
    tot = facture(("CONSULTATION", 200), acteur=caissier, le=date(annee, 5, 2))

    numeros = valider_ecritures(ids=ids(), acteur=comptable)

    assert numeros == [f"ECR-{annee}-00001", f"ECR-{annee}-00002"]
    premiere, seconde = Ecriture.objects.get(fait_id=tot.id), Ecriture.objects.get(fait_id=tard.id)
    assert (premiere.numero_ecriture, seconde.numero_ecriture) == tuple(numeros)
    assert (premiere.statut, premiere.comptable_id) == ("VALIDEE", comptable.id)
    assert premiere.validee_le is not None
    assert premiere.date_modification == premiere.validee_le > premiere.date_creation
    assert nombre_a_valider() == 0
    assert AuditTrail.objects.filter(action="ecriture_validee", user_id=comptable.id).count() == 2


def test_totals_keep_both_states_apart(tenant: Tenant, comptable: Acteur) -> None:
    facture(("CONSULTATION", 100))
    valider_ecritures(ids=ids(), acteur=comptable)
    facture(("CONSULTATION", 40))

    jour = aujourd_hui()
    assert balance(jour, jour, ("VALIDEE",), devise="XAF").total.mouvement_debit == 100
    assert balance(jour, jour, ("A_VALIDER",), devise="XAF").total.mouvement_debit == 40
    assert balance(jour, jour, devise="XAF").total.mouvement_debit == 140


def test_who_caused_an_entry_does_not_validate_it(tenant: Tenant, comptable: Acteur) -> None:
    facture(("CONSULTATION", 100), acteur=comptable)
    with pytest.raises(NotAllowed) as refus:
        valider_ecritures(ids=ids(), acteur=comptable)
    assert refus.value.code == "second-person-required"

    autre = make_acteur(tenant, "comptable")
    assert len(valider_ecritures(ids=ids(), acteur=autre)) == 1


@pytest.mark.parametrize("auteur", [SYSTEM, takeover_actor("Sainte-Odile")])
def test_what_the_system_or_a_takeover_caused_any_accountant_validates(
    tenant: Tenant, comptable: Acteur, auteur: Acteur
) -> None:
    quittance(("ESPECES", 100), acteur=auteur)

    assert len(valider_ecritures(ids=ids(), acteur=comptable)) == 1


@pytest.mark.parametrize("acteur", [SYSTEM, takeover_actor("Sainte-Odile")])
def test_a_process_validates_nothing(tenant: Tenant, acteur: Acteur) -> None:
    quittance(("ESPECES", 100))
    with pytest.raises(NotAllowed) as refus:
        valider_ecritures(ids=ids(), acteur=acteur)
    assert refus.value.code == "person-required"


def test_the_second_of_two_reads_who_was_first(tenant: Tenant, comptable: Acteur) -> None:
    facture(("CONSULTATION", 100))
    valider_ecritures(ids=ids(), acteur=comptable)

    with pytest.raises(Conflict) as refus:
        valider_ecritures(ids=ids(), acteur=make_acteur(tenant, "comptable"))
    assert f"déjà validée par {comptable.label}" in str(refus.value)


def test_all_or_none_and_the_number_comes_back(tenant: Tenant, comptable: Acteur) -> None:
    facture(("CONSULTATION", 100))
    facture(("CONSULTATION", 200), acteur=comptable)
    with pytest.raises(NotAllowed):
        valider_ecritures(ids=ids(), acteur=comptable)
    assert not Ecriture.objects.filter(statut="VALIDEE").exists()

    numeros = valider_ecritures(ids=ids(), acteur=make_acteur(tenant, "comptable"))
    assert [numero[-5:] for numero in numeros] == ["00001", "00002"]


def test_nothing_or_the_unknown_is_refused(tenant: Tenant, comptable: Acteur) -> None:
    facture(("CONSULTATION", 100))
    with pytest.raises(BusinessError, match="au moins une"):
        valider_ecritures(ids=[], acteur=comptable)
    with pytest.raises(BusinessError, match="1 écriture est introuvable"):
        valider_ecritures(ids=[*ids(), uuid4()], acteur=comptable)


def test_another_tenant_s_entry_is_not_there(tenant: Tenant, comptable: Acteur) -> None:
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        facture(("CONSULTATION", 100))
        etrangeres = ids()

    with pytest.raises(BusinessError, match="introuvable"):
        valider_ecritures(ids=etrangeres, acteur=comptable)
