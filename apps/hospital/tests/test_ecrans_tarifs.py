"""The tariffs' screens: of a day, of a code, changed from a day on; and the administration."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.hospital.models import Hospital, HospitalActTarif, HospitalExamTarif, Service
from apps.hospital.tests.factories import make_tarif
from apps.organisations.tests.factories import make_user
from apps.socle.clock import local_date
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

UN_JOUR = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def sans_second_facteur(settings):
    settings.SECOND_FACTOR = "optional"


@pytest.fixture
def comptable(tenant, client):
    client.force_login(make_user(tenant, "comptable", last_name="Tchoumi"))
    return client


@pytest.fixture
def aller(tenant):
    return lambda suite="": f"/{tenant.slug}/patients/tarifs/{suite}"


def _ecrire(jour: dt.date) -> str:
    return f"{jour:%d/%m/%Y}"


def test_the_tariffs_of_a_day(tenant, comptable, aller):
    aujourdhui = local_date(tenant.time_zone)
    make_tarif(tenant)
    make_tarif(tenant, montant=6000, valide_du=aujourdhui + UN_JOUR)
    make_tarif(tenant, "LB-GE", 2000, type_recette="LABORATOIRE", nom="Goutte épaisse")
    page = comptable.get(aller()).content.decode()
    assert "5\u202f000" in page
    assert "6\u202f000" not in page
    assert "2 tarifs en vigueur le" in page
    demain = comptable.get(aller(), {"le": _ecrire(aujourdhui + UN_JOUR)}).content.decode()
    assert "6\u202f000" in demain
    seul = comptable.get(aller(), {"q": "epaisse", "type": "LABORATOIRE"}).content.decode()
    assert "LB-GE" in seul
    assert "CONS-GEN" not in seul
    assert "Aucun tarif ne répond" in comptable.get(aller(), {"le": "01/01/2019"}).content.decode()
    assert comptable.get(aller(), {"le": "31/02/2026"}).status_code == 200


def test_the_fragment_names_code_and_price(tenant, comptable, aller):
    make_tarif(tenant)
    fragment = comptable.get(aller("recherche/"), {"q": "consult"}).content.decode()
    assert fragment.strip().startswith("<li><a href=")
    assert 'data-code="CONS-GEN"' in fragment
    assert "5\u202f000\u00a0FCFA" in fragment
    assert comptable.get(aller("recherche/")).content.decode().strip() == ""
    assert "Aucun tarif pour «\u00a0xyz\u00a0»" in comptable.get(aller("recherche/"), {"q": "xyz"}).content.decode()


def test_as_many_queries_for_1_as_for_25(tenant, comptable, aller):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert comptable.get(aller()).status_code == 200
        return len(queries)

    make_tarif(tenant, "A-0")
    one = cost()
    for rang in range(1, 25):
        make_tarif(tenant, f"A-{rang}", type_recette="AUTRE" if rang % 2 else "IMAGERIE")
    assert cost() == one


def test_changing_from_a_day_closes_the_old(tenant, comptable, aller):
    aujourdhui = local_date(tenant.time_zone)
    ancien = make_tarif(tenant)
    formulaire = comptable.get(aller(f"{ancien.pk}/changer/"))
    assert formulaire.context["form"].initial["valide_du"] == aujourdhui + UN_JOUR
    assert 'value="5\u202f000"' in formulaire.content.decode()
    valeurs = {
        "code": "AUTRE-CODE",
        "nom": "Consultation générale",
        "type_recette": "CONSULTATION",
        "montant": "6 500",
        "valide_du": _ecrire(aujourdhui + 3 * UN_JOUR),
    }
    reponse = comptable.post(aller(f"{ancien.pk}/changer/"), valeurs)
    nouveau = HospitalActTarif.objects.get(montant=6500)
    assert reponse.url == aller(f"{nouveau.pk}/")
    ancien.refresh_from_db()
    assert (nouveau.code, ancien.valide_au) == ("CONS-GEN", aujourdhui + 2 * UN_JOUR)
    page = comptable.get(reponse.url).content.decode()
    for mot in ("En vigueur", "Prévu", "Tchoumi", "6\u202f500", "5\u202f000"):
        assert mot in page, mot


def test_states_of_a_code(tenant, comptable, aller):
    aujourdhui = local_date(tenant.time_zone)
    make_tarif(tenant, montant=5000)
    make_tarif(tenant, montant=600, valide_du=aujourdhui)
    dernier = make_tarif(tenant, montant=6000, valide_du=aujourdhui)
    page = comptable.get(aller(f"{dernier.pk}/"))
    etats = [(int(p.tarif.montant), p.etat) for p in page.context["periodes"]]
    assert etats == [(6000, "tarif_en_vigueur"), (600, "tarif_jamais"), (5000, "tarif_passe")]
    assert "Jamais appliqué" in page.content.decode()


@pytest.mark.parametrize(
    ("valeurs", "champ"),
    [
        ({"montant": "1 250,50"}, "montant"),
        ({"montant": "12.345,67"}, "montant"),
        ({"montant": "-1"}, "montant"),
        ({"montant": ""}, "montant"),
        ({"valide_du": "31/02/2026"}, "valide_du"),
        ({"valide_du": "01/02/2020"}, "valide_du"),
        ({"type_recette": "COIFFURE"}, "type_recette"),
        ({"nom": ""}, "nom"),
    ],
)
def test_errors_stand_beside_their_field(tenant, comptable, aller, valeurs, champ):
    tarif = make_tarif(tenant)
    correct = {
        "nom": "Consultation",
        "type_recette": "CONSULTATION",
        "montant": "6000",
        "valide_du": _ecrire(local_date(tenant.time_zone)),
    }
    reponse = comptable.post(aller(f"{tarif.pk}/changer/"), {**correct, **valeurs})
    assert reponse.status_code == 422
    assert champ in reponse.context["form"].errors
    assert HospitalActTarif.objects.count() == 1


def test_a_new_code_and_not_an_old_one(tenant, comptable, aller):
    valeurs = {
        "code": "lb-ge",
        "nom": "Goutte épaisse",
        "type_recette": "LABORATOIRE",
        "montant": "2000",
        "valide_du": _ecrire(local_date(tenant.time_zone)),
        "service": str(Service.objects.get(code="LABO").pk),
    }
    assert comptable.get(aller("nouveau/")).status_code == 200
    assert comptable.post(aller("nouveau/"), valeurs).status_code == 302
    assert HospitalExamTarif.objects.get().code == "LB-GE"
    reponse = comptable.post(aller("nouveau/"), {**valeurs, "montant": "1"})
    assert reponse.status_code == 422
    assert "a déjà un tarif" in str(reponse.context["form"].errors["code"])


LIRE = dict.fromkeys(["caissier", "comptable", "medecin", "auditeur", "administrateur"], 200)
FIXER = {**dict.fromkeys(LIRE, 403), "comptable": 200, "administrateur": 200}
PORTES = {"": LIRE, "recherche/": LIRE, "{tarif}/": LIRE, "nouveau/": FIXER, "{tarif}/changer/": FIXER}


@pytest.mark.parametrize("role", list(LIRE))
def test_each_role_at_each_door(tenant, client, aller, role):
    tarif = make_tarif(tenant)
    client.force_login(make_user(tenant, role))
    trouves = {porte: client.get(aller(porte.format(tarif=tarif.pk))).status_code for porte in PORTES}
    assert trouves == {porte: roles[role] for porte, roles in PORTES.items()}


def test_another_tenants_tariff_is_not_found(tenant, autre_tenant, comptable, aller):
    ailleurs = make_tarif(autre_tenant)
    with scope(autre_tenant.pk):
        service = Service.objects.get(code="LABO").pk
    for porte in ("{tarif}/", "{tarif}/changer/"):
        assert comptable.get(aller(porte.format(tarif=ailleurs.pk))).status_code == 404
    valeurs = {"code": "X", "nom": "X", "type_recette": "AUTRE", "montant": "1", "service": str(service)}
    reponse = comptable.post(aller("nouveau/"), {**valeurs, "valide_du": _ecrire(local_date(tenant.time_zone))})
    assert "service" in reponse.context["form"].errors, "another tenant's service cannot be chosen"


# Administration ------------------------------------------------------------------------------------------


@pytest.fixture
def administration(tenant, client):
    client.force_login(make_user(tenant, "administrateur", last_name="Abega"))
    return lambda suite: f"/{tenant.slug}/admin/hospital/{suite}"


def test_an_administrator_keeps_the_services(tenant, autre_tenant, client, administration):
    with scope(autre_tenant.pk):
        Service.objects.create(tenant=autre_tenant, code="SECRET", nom="Service secret")
        ailleurs = Service.objects.get(code="SECRET")
    liste = client.get(administration("service/")).content.decode()
    assert "Consultations" in liste
    assert "secret" not in liste
    reponse = client.post(administration("service/add/"), {"code": "URG", "nom": "Urgences", "actif": "on"})
    assert reponse.status_code == 302
    service = Service.objects.get(code="URG")
    assert service.tenant_id == tenant.pk
    assert AuditTrail.objects.get(model_id=service.pk).acteur_label.endswith("Abega")
    assert (
        "désigne déjà"
        in client.post(administration("service/add/"), {"code": "URG", "nom": "Encore", "actif": "on"}).content.decode()
    )
    assert client.get(administration(f"service/{ailleurs.pk}/change/")).status_code == 404
    assert client.get(administration(f"service/{service.pk}/delete/")).status_code == 403


def test_an_administrator_completes_the_hospital(tenant, client, administration):
    medecin = make_user(tenant, "medecin", last_name="Docteur Ngo")
    make_user(tenant, "caissier", last_name="Caissière Ngo")
    hopital = Hospital.objects.get()
    page = client.get(administration(f"hospital/{hopital.pk}/change/")).content.decode()
    assert "Docteur Ngo" in page
    assert "Caissière Ngo" not in page
    valeurs = {"nom": hopital.nom, "pays": "Cameroun", "ville": "Douala", "latitude": "4.05", "longitude": "9.7"}
    reponse = client.post(
        administration(f"hospital/{hopital.pk}/change/"), {**valeurs, "medecin_referent": str(medecin.pk)}
    )
    assert reponse.status_code == 302
    hopital.refresh_from_db()
    assert hopital.medecin_referent == medecin
    assert client.get(administration("hospital/add/")).status_code == 403
    faux = client.post(administration(f"hospital/{hopital.pk}/change/"), {**valeurs, "latitude": "95"})
    assert faux.status_code == 200
    assert "latitude" in faux.context["adminform"].form.errors


@pytest.mark.parametrize("modele", ["hospitalacttarif", "hospitalexamtarif"])
def test_tariffs_are_read_in_the_administration(tenant, autre_tenant, client, administration, modele):
    make_tarif(tenant)
    make_tarif(tenant, "LB-GE", 2000, type_recette="LABORATOIRE")
    make_tarif(autre_tenant, "AILLEURS")
    make_tarif(autre_tenant, "AILLEURS-2", type_recette="LABORATOIRE")
    liste = client.get(administration(f"{modele}/")).content.decode()
    assert ("CONS-GEN" in liste) is (modele == "hospitalacttarif")
    assert "AILLEURS" not in liste
    assert client.get(administration(f"{modele}/add/")).status_code == 403


@pytest.mark.parametrize("role", ["caissier", "medecin"])
def test_others_do_not_enter_the_administration(tenant, client, administration, role):
    client.force_login(make_user(tenant, role))
    assert client.get(administration("service/")).status_code in {302, 403}
