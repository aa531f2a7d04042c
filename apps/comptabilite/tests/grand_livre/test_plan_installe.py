"""The chart as a new tenant gets it, and what one may do to it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.comptabilite.grand_livre import plan
from apps.comptabilite.grand_livre.models import CompteComptable, ImputationEnAttente, Journal, RegleImputation
from apps.comptabilite.grand_livre.services.ouvrir_sous_compte import ouvrir_sous_compte
from apps.comptabilite.tests.grand_livre.factories import compte, facture, quittance
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError, from_integrity_error
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def test_a_hospital_s_chart(tenant: Tenant) -> None:
    assert CompteComptable.objects.count() == 1492
    assert CompteComptable.objects.filter(imputable=True).count() == 1165 + 10 - 4, "ten opened, four became headings"
    consultations = compte("70611")
    assert consultations.compte_parent.numero == "7061"
    assert (consultations.classe, consultations.type_compte, consultations.sens_normal) == ("7", "PRODUIT", "CREDIT")
    assert (consultations.code, consultations.numero_affiche) == ("706110", "706110")
    assert not compte("7061").imputable
    assert compte("7061").numero_affiche == "7061"
    assert compte("4111").collectif
    assert not compte("4714").actif
    assert {j.code: j.compte_contrepartie and j.compte_contrepartie.numero for j in Journal.objects.all()} == {
        "VT": "4111", "CA": "5711", "BQ": "5211", "MM": None, "AC": "4011", "OD": None,
    }  # fmt: skip
    assert RegleImputation.objects.count() == len(plan.regles_hopital())


def test_another_kind_of_tenant_gets_the_act_s_chart_alone(db: None) -> None:
    assureur = make_tenant(slug="zenith", name="Zénith Assurances", kind="assureur")
    with scope(assureur.id):
        assert CompteComptable.objects.count() == 1482
        assert not RegleImputation.objects.exists()


def test_the_hierarchy_is_kept(tenant: Tenant) -> None:
    comptes = {c.id: c for c in CompteComptable.objects.all()}
    sans_parent = [c.numero for c in comptes.values() if c.compte_parent_id is None]
    assert sans_parent == list("123456789")
    for c in comptes.values():
        if c.compte_parent_id:
            assert c.numero.startswith(comptes[c.compte_parent_id].numero)


def test_a_heading_s_balance_is_its_sub_accounts(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5000), ("LABORATOIRE", 4500), ("PHARMACIE", 700))

    assert compte("7061").solde == -9500
    assert compte("70").solde == -10200
    assert compte("4").solde == 10200


@pytest.mark.parametrize(
    ("valeurs", "phrase"),
    [
        ({"numero": "70611"}, "désigne déjà un compte"),
        ({"numero": "0611", "classe": "0"}, "1 à 10 chiffres"),
        ({"numero": "70A15"}, "1 à 10 chiffres"),
        ({"numero": "70615", "classe": "6"}, "premier chiffre"),
        ({"numero": "70615", "type_compte": "AUTRE"}, "type de compte"),
        ({"numero": "706110"}, "autre compte"),
    ],
)
def test_what_the_chart_refuses(tenant: Tenant, valeurs: dict, phrase: str) -> None:
    nouveau = CompteComptable(
        **{
            "classe": "7",
            "type_compte": "PRODUIT",
            "sens_normal": "CREDIT",
            "libelle": "x",
            "compte_parent": compte("7061"),
            **valeurs,
        }
    )
    with pytest.raises(IntegrityError) as refus, transaction.atomic():
        nouveau.save()
    assert phrase in str(from_integrity_error(refus.value))


def test_a_sub_account_begins_with_its_parent_s_number(tenant: Tenant) -> None:
    mal_place = CompteComptable(numero="70915", classe="7", compte_parent=compte("7061"))
    with pytest.raises(ValidationError, match="7061"):
        mal_place.clean()


def test_only_a_class_has_no_parent(tenant: Tenant) -> None:
    with pytest.raises(IntegrityError, match="comptabilite_compte_parent"), transaction.atomic():
        CompteComptable.objects.create(
            numero="7999", classe="7", type_compte="PRODUIT", sens_normal="CREDIT", libelle="x"
        )


def test_the_first_sub_account_makes_a_heading_of_its_parent(tenant: Tenant) -> None:
    nouveau = ouvrir_sous_compte(parent="5522", numero="55221", libelle="Orange, agence d’Akwa", acteur=SYSTEM)

    assert (nouveau.type_compte, nouveau.numero_affiche) == ("ACTIF", "552210")
    titre = compte("5522")
    assert (titre.imputable, titre.numero_affiche) == (False, "5522")


def test_an_account_with_entries_never_becomes_a_heading(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5000))

    with pytest.raises(BusinessError, match="à côté de lui"):
        ouvrir_sous_compte(parent="70611", numero="706111", libelle="Consultations de nuit", acteur=SYSTEM)
    assert compte("70611").imputable


def test_a_till_s_facts_wait_while_their_account_is_a_heading(tenant: Tenant) -> None:
    ouvrir_sous_compte(parent="5522", numero="55221", libelle="Orange, agence d’Akwa", acteur=SYSTEM)

    quittance(("ORANGE", 500))

    assert ImputationEnAttente.objects.get().motif == "COMPTE_FERME"
