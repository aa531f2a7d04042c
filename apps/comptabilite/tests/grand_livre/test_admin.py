"""Reference data in the administration: scoped, dated, never deleted; entries are not there."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from apps.comptabilite.grand_livre.models import CompteComptable, Ecriture, Journal, Periode, RegleImputation
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, compte, facture
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant, make_user
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database

ADMIN = "/sainte-odile/admin/comptabilite/"


@pytest.fixture
def admin(client: Client, tenant: Tenant, settings: object) -> Client:
    settings.SECOND_FACTOR = "optional"  # type: ignore[attr-defined]
    client.force_login(make_user(tenant, "comptable"), backend="apps.organisations.backends.MembershipBackend")
    return client


def sous_compte(**valeurs: object) -> dict[str, object]:
    parent = compte("7061").id
    return {
        "numero": "70615", "libelle": "Soins dentaires", "compte_parent": str(parent), "type_compte": "PRODUIT",
        "sens_normal": "CREDIT", "description": "", "imputable": "on", "actif": "on", **valeurs,
    }  # fmt: skip


def regle(**valeurs: object) -> dict[str, object]:
    return {
        "type_fait": "invoice_issued", "role": "produit", "service": "DENTAIRE", "sens": "CREDIT",
        "compte": str(compte("70614").id), "journal": str(Journal.objects.get(code="VT").id), **valeurs,
    }  # fmt: skip


@pytest.mark.parametrize("modele", ["comptecomptable", "journal", "regleimputation", "exercice", "periode"])
def test_lists_and_pages_open(admin: Client, modele: str) -> None:
    assert admin.get(f"{ADMIN}{modele}/").status_code == HTTPStatus.OK
    classe = {m._meta.model_name: m for m in (CompteComptable, Journal, RegleImputation, Periode)}.get(modele)
    if classe is not None:
        assert admin.get(f"{ADMIN}{modele}/{classe.objects.first().pk}/change/").status_code == HTTPStatus.OK


@pytest.mark.parametrize("modele", ["ecriture", "ligneecriture", "totalcompte", "imputationenattente"])
def test_entries_are_not_in_the_administration(admin: Client, modele: str) -> None:
    assert admin.get(f"{ADMIN}{modele}/").status_code == HTTPStatus.NOT_FOUND


def test_a_sub_account_is_added_with_its_trace(admin: Client) -> None:
    reponse = admin.post(f"{ADMIN}comptecomptable/add/", sous_compte())

    assert reponse.status_code == HTTPStatus.FOUND
    nouveau = compte("70615")
    assert (nouveau.classe, nouveau.numero_affiche, nouveau.compte_parent.numero) == ("7", "706150", "7061")
    assert AuditTrail.objects.filter(model_id=nouveau.id, action="comptecomptable_added").exists()


@pytest.mark.parametrize(
    ("valeurs", "phrase"),
    [
        ({"numero": "70611"}, "désigne déjà un compte"),
        ({"numero": "7061X"}, "1 à 10 chiffres"),
        ({"numero": "80615"}, "commencer par celui de son compte parent"),
        ({"numero": ""}, "obligatoire"),
    ],
)
def test_a_wrong_account_is_refused_in_french(admin: Client, valeurs: dict, phrase: str) -> None:
    reponse = admin.post(f"{ADMIN}comptecomptable/add/", sous_compte(**valeurs))

    assert reponse.status_code == HTTPStatus.OK
    assert phrase in reponse.content.decode()


def test_the_same_number_is_free_in_another_tenant(admin: Client) -> None:
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        parent = compte("7061")
        CompteComptable.objects.create(
            numero="70615", libelle="x", classe="7", type_compte="PRODUIT", sens_normal="CREDIT", compte_parent=parent
        )

    assert admin.post(f"{ADMIN}comptecomptable/add/", sous_compte()).status_code == HTTPStatus.FOUND


def test_another_tenant_s_account_cannot_be_chosen_nor_opened(admin: Client) -> None:
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        etranger = compte("7061")

    reponse = admin.post(f"{ADMIN}comptecomptable/add/", sous_compte(compte_parent=str(etranger.id)))

    assert reponse.status_code == HTTPStatus.OK
    assert not CompteComptable.objects.filter(numero="70615").exists()
    assert admin.get(f"{ADMIN}comptecomptable/{etranger.id}/change/").status_code == HTTPStatus.NOT_FOUND


def test_a_rule_is_added_and_then_only_ends(admin: Client) -> None:
    assert admin.post(f"{ADMIN}regleimputation/add/", regle()).status_code == HTTPStatus.FOUND
    nouvelle = RegleImputation.objects.get(service="DENTAIRE")
    assert nouvelle.cree_par

    lieu = f"{ADMIN}regleimputation/{nouvelle.id}/change/"
    assert admin.post(lieu, {"valide_au": "31/12/2030", "sens": "DEBIT"}).status_code == HTTPStatus.FOUND
    nouvelle.refresh_from_db()
    assert (nouvelle.sens, nouvelle.valide_au.year) == ("CREDIT", 2030)


def test_a_rule_of_the_same_key_is_refused_in_the_form(admin: Client) -> None:
    admin.post(f"{ADMIN}regleimputation/add/", regle())

    reponse = admin.post(f"{ADMIN}regleimputation/add/", regle(compte=str(compte("70612").id)))

    assert reponse.status_code == HTTPStatus.OK
    assert "on ne saurait laquelle choisir" in reponse.content.decode()
    assert RegleImputation.objects.filter(service="DENTAIRE").count() == 1


def test_a_role_that_the_fact_does_not_have_is_refused(admin: Client) -> None:
    reponse = admin.post(f"{ADMIN}regleimputation/add/", regle(role="reglement"))

    assert "Ce fait a pour rôles" in reponse.content.decode()
    assert not RegleImputation.objects.filter(service="DENTAIRE").exists()


@pytest.mark.parametrize("modele", ["comptecomptable", "journal", "regleimputation", "periode"])
def test_nothing_is_deleted(admin: Client, modele: str) -> None:
    classe = {m._meta.model_name: m for m in (CompteComptable, Journal, RegleImputation, Periode)}[modele]
    pk = classe.objects.first().pk

    assert admin.post(f"{ADMIN}{modele}/{pk}/delete/", {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN
    assert classe.objects.filter(pk=pk).exists()


def test_periods_close_from_their_list(admin: Client, tenant: Tenant) -> None:
    facture(("CONSULTATION", 100))
    courante = Periode.objects.get(debut__lte=aujourd_hui(), fin__gte=aujourd_hui())
    fermer = {"action": "cloturer", "_selected_action": [str(courante.pk)]}

    refus = admin.post(f"{ADMIN}periode/", fermer, follow=True).content.decode()
    assert "restent à valider" in refus
    valider_ecritures(ids=list(Ecriture.objects.values_list("id", flat=True)), acteur=make_acteur(tenant, "comptable"))
    fait = admin.post(f"{ADMIN}periode/", fermer, follow=True).content.decode()

    assert "est clôturée" in fait
    courante.refresh_from_db()
    assert not courante.est_ouverte


def test_an_administrator_changes_reference_data_and_reads_no_books(
    client: Client, tenant: Tenant, settings: object
) -> None:
    settings.SECOND_FACTOR = "optional"  # type: ignore[attr-defined]
    client.force_login(make_user(tenant, "administrateur"), backend="apps.organisations.backends.MembershipBackend")

    assert client.get(f"{ADMIN}comptecomptable/").status_code == HTTPStatus.OK
    assert client.get("/sainte-odile/comptabilite/balance/").status_code == HTTPStatus.FORBIDDEN
    periode = Periode.objects.first()
    fermer = {"action": "cloturer", "_selected_action": [str(periode.pk)]}
    client.post(f"{ADMIN}periode/", fermer)
    periode.refresh_from_db()
    assert periode.est_ouverte
