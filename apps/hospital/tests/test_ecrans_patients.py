"""The patients' screens: found, registered once, corrected, shown; each role, another tenant, 1 and 50 rows."""

from __future__ import annotations

import datetime as dt
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.hospital.fiche import Action, Section, _actions, _sections, register_action, register_section
from apps.hospital.models import Patient, Session
from apps.hospital.presentation import age, surligner
from apps.hospital.tests.factories import make_patient, make_prestations, make_session, make_tarif
from apps.organisations.dashboard import Block
from apps.organisations.tests.factories import make_user
from apps.socle.actors import takeover_actor
from apps.socle.models import AuditLog
from apps.socle.scope import scope

QUI = {
    "nom": "Mbarga Nkoulou",
    "prenom": "Solange",
    "date_naissance": "01/05/1990",
    "sexe": "F",
    "telephone": "677412093",
}


@pytest.fixture
def caissiere(tenant, client):
    user = make_user(tenant, "caissier", last_name="Ngo Bassong")
    client.force_login(user)
    return client


@pytest.fixture
def aller(tenant):
    return lambda suite="": f"/{tenant.slug}/patients/{suite}"


def _envoyer(client, adresse, **valeurs):
    return client.post(adresse, {"cle_idempotence": str(uuid.uuid4()), **valeurs})


# Finding ----------------------------------------------------------------------------------------


def test_the_list_finds_and_marks_what_was_asked(tenant, caissiere, aller):
    make_patient(tenant, nom="M’Barga", prenom="Solange", telephone="677412093", date_naissance=dt.date(1990, 5, 1))
    make_patient(tenant, nom="Fotso", prenom="Gaël")
    tous = caissiere.get(aller()).content.decode()
    assert "Fotso Gaël" in tous
    assert "M’Barga" in tous
    page = caissiere.get(aller(), {"q": "mbar so"}).content.decode()
    assert "<mark>M’Bar</mark>ga <mark>So</mark>lange" in page
    assert "6\u00a077\u00a041\u00a020\u00a093" in page
    assert "Fotso" not in page


def test_nobody_found_leads_to_registering_what_was_typed(caissiere, aller):
    for q, champ in (("Mbarga <b>", "nom"), ("677 41 20 93", "telephone")):
        page = caissiere.get(aller(), {"q": q})
        assert "Aucun patient pour" in page.content.decode()
        assert "<b>" not in page.content.decode().split("Aucun patient")[1][:60]
        adresse = urlsplit(page.context["adresse_nouveau"])
        assert parse_qs(adresse.query) == {champ: [q]}
        formulaire = caissiere.get(page.context["adresse_nouveau"])
        assert formulaire.context["form"].initial == {champ: q}
        assert caissiere.get(aller("nouveau/"), {"q": q}).context["form"].initial == {champ: q}


def test_the_fragment_is_a_list_and_nothing_else(tenant, caissiere, aller):
    patient = make_patient(tenant, nom="Fotso", prenom="<script>alert(1)</script>", date_naissance=dt.date(1990, 5, 1))
    fragment = caissiere.get(aller("recherche/"), {"q": "fotso"}).content.decode().strip()
    assert fragment.startswith("<li><a href=")
    assert f"/{tenant.slug}/patients/{patient.pk}/" in fragment
    assert "<script>" not in fragment
    assert caissiere.get(aller("recherche/")).content.decode().strip() == ""
    assert "Enregistrer un patient" in caissiere.get(aller("recherche/"), {"q": "xyz"}).content.decode()


def test_a_question_too_long_or_strange_is_no_error(caissiere, aller):
    for q in ("a" * 500, "\x00", "%", "'", "\U0001f600", "9" * 60):
        for suite in ("", "recherche/"):
            assert caissiere.get(aller(suite), {"q": q}).status_code == 200, repr(q)


@pytest.mark.parametrize("suite", ["", "?q=fotso", "recherche/?q=fotso"])
def test_as_many_queries_for_1_as_for_50(tenant, caissiere, aller, suite):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert caissiere.get(aller(suite)).status_code == 200
        return len(queries)

    make_patient(tenant, nom="Fotso")
    one = cost()
    for _ in range(24):
        make_patient(tenant, nom="Fotso")
    assert cost() == one


# Registering ---------------------------------------------------------------------------------------


def test_a_patient_is_registered_and_shown(tenant, caissiere, aller):
    assert "Nouveau patient" in caissiere.get(aller("nouveau/")).content.decode()
    reponse = _envoyer(caissiere, aller("nouveau/"), **QUI)
    patient = Patient.objects.get()
    assert (reponse.status_code, reponse.url) == (302, aller(f"{patient.pk}/"))
    assert (patient.nom, patient.date_naissance, patient.sexe) == ("Mbarga Nkoulou", dt.date(1990, 5, 1), "F")
    page = caissiere.get(reponse.url).content.decode()
    assert "Patient enregistré sous le numéro PAT-00001" in page
    assert "01/05/1990" in page


@pytest.mark.parametrize("ecrite", ["1990-05-01", "01051990", "01/05/1990"])
def test_a_date_is_never_read_month_first(caissiere, aller, ecrite):
    caissiere.cookies["django_language"] = "en"
    _envoyer(caissiere, aller("nouveau/"), nom="Fotso", date_naissance=ecrite)
    assert Patient.objects.get().date_naissance == dt.date(1990, 5, 1)


def test_sent_twice_registered_once(caissiere, aller):
    cle = str(uuid.uuid4())
    reponses = [caissiere.post(aller("nouveau/"), {"cle_idempotence": cle, "nom": "O"}) for _ in range(2)]
    assert reponses[0].url == reponses[1].url
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("valeurs", "champ", "phrase"),
    [
        ({"nom": ""}, "nom", "Le nom est obligatoire."),
        ({"nom": "12"}, "nom", "Un nom a au moins une lettre."),
        ({"nom": "\U0001f600\U0001f600"}, "nom", "Un nom a au moins une lettre."),
        ({"nom": "Mba\u202egra"}, "nom", "caractère invisible"),
        ({"telephone": "le soir"}, "telephone", "6 à 15 chiffres"),
        ({"date_naissance": "31/02/1990"}, "date_naissance", "Écrivez la date comme 20/11/2026."),
        ({"date_naissance": "01/01/2099"}, "date_naissance", "Cette date est à venir."),
        ({"sexe": "X"}, "sexe", "X"),
    ],
)
def test_errors_stand_beside_their_field_and_keep_what_was_typed(caissiere, aller, valeurs, champ, phrase):
    reponse = _envoyer(caissiere, aller("nouveau/"), **{**QUI, **valeurs})
    assert reponse.status_code == 422
    assert phrase in str(reponse.context["form"].errors[champ])
    page = reponse.content.decode()
    assert f'id="id_{champ}_erreur"' in page
    assert 'value="Solange"' in page, "what was right is kept"
    assert not Patient.objects.exists()


def test_a_look_alike_is_shown_first_and_one_may_insist(tenant, caissiere, aller):
    connue = make_patient(tenant, nom="MBARGA Nkoulou", prenom="Solange", date_naissance=dt.date(1990, 5, 1))
    reponse = _envoyer(caissiere, aller("nouveau/"), **QUI)
    assert reponse.status_code == 409
    assert str(connue.numero) in reponse.content.decode()
    assert Patient.objects.count() == 1
    vus = reponse.context["vus"]
    assert vus == str(connue.pk)
    autre = make_patient(tenant, nom="Mbarga Nkoulou", prenom="Solange", telephone="677 412 093")
    reponse = _envoyer(caissiere, aller("nouveau/"), **QUI, vus=vus)
    assert reponse.status_code == 409, "another look-alike came in between"
    reponse = _envoyer(caissiere, aller("nouveau/"), **QUI, vus=f"{connue.pk},{autre.pk}")
    assert reponse.status_code == 302
    assert Patient.objects.count() == 3


def test_correcting(tenant, caissiere, aller):
    patient = make_patient(
        tenant, nom="Fotso", prenom="Gaël", telephone="699938475", date_naissance=dt.date(1990, 5, 1)
    )
    formulaire = caissiere.get(aller(f"{patient.pk}/modifier/"))
    assert 'value="01/05/1990"' in formulaire.content.decode()
    assert _envoyer(caissiere, aller(f"{patient.pk}/modifier/"), nom="").status_code == 422
    reponse = _envoyer(
        caissiere, aller(f"{patient.pk}/modifier/"), nom="Fotso", prenom="Gaëlle", telephone="", sexe="F"
    )
    assert reponse.url == aller(f"{patient.pk}/")
    patient.refresh_from_db()
    assert (patient.prenom, patient.telephone, patient.date_naissance, patient.sexe) == ("Gaëlle", "", None, "F")
    page = caissiere.get(reponse.url).content.decode()
    assert "date de naissance, prénom, sexe, téléphone" in page, "the history names the fields"
    assert "Ngo Bassong" in page


def test_what_was_typed_reaches_no_log(tenant, caissiere, aller, caplog):
    _envoyer(caissiere, aller("nouveau/"), **QUI)
    _envoyer(caissiere, aller("nouveau/"), **{**QUI, "telephone": "le soir"})
    journal = " ".join(
        f"{ligne.request_body} {ligne.query_params} {ligne.response_body}" for ligne in AuditLog.objects.all()
    )
    assert AuditLog.objects.count() == 2
    for secret in ("Mbarga", "Solange", "677412093", "1990"):
        assert secret not in journal + caplog.text, secret


# One patient ------------------------------------------------------------------------------------------


def test_the_page_shows_visits_balance_and_what_upper_apps_add(tenant, caissiere, aller, monkeypatch):
    patient = make_patient(tenant, nom="Fotso", telephone="+237 677 412 093", date_naissance=dt.date(1990, 5, 1))
    make_tarif(tenant)
    make_prestations(tenant, ("CONS-GEN", 2, None), session=make_session(tenant, patient))
    monkeypatch.setattr("apps.hospital.fiche._sections", dict(_sections))
    monkeypatch.setattr("apps.hospital.fiche._actions", dict(_actions))
    for nom, permission in (("vue", "hospital.view_patient"), ("cachee", "hospital.enregistrer_tarif")):
        lignes = {"q": nom, "tarifs": []}
        register_section(
            nom, Section(lambda r, p, c=lignes: Block("hospital/_resultats_tarifs.html", c), permission, 1)
        )
        register_action(nom, Action(f"Action {nom}", lambda p: f"/ailleurs/?patient={p.pk}", permission, 1))
    register_section("rien", Section(lambda r, p: None, "hospital.view_patient", 2))
    reponse = caissiere.get(aller(f"{patient.pk}/"))
    page = reponse.content.decode()
    assert "10\u202f000" in page
    assert f"/{tenant.slug}/patients/visites/{Session.objects.get().pk}/" in page
    assert reponse.context["solde"] in (None, 0)
    assert "Aucun tarif pour «\u00a0vue\u00a0»" in page
    assert "cachee" not in page
    assert f'class="btn btn-primary" href="/ailleurs/?patient={patient.pk}"' in page


def test_a_bare_patient_has_a_page(tenant, caissiere, aller):
    patient = make_patient(tenant, nom="O", prenom="")
    page = caissiere.get(aller(f"{patient.pk}/")).content.decode()
    for mot in ("non connu", "non renseigné", "aucun", "Aucune visite encore"):
        assert mot in page


def test_the_page_costs_the_same_with_1_visit_and_with_10(tenant, caissiere, aller):
    patient, reprise = make_patient(tenant), takeover_actor("essai")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert caissiere.get(aller(f"{patient.pk}/")).status_code == 200
        return len(queries)

    make_session(tenant, patient)
    one = cost()
    for jour in range(1, 10):
        make_session(tenant, patient, date=dt.date(2026, 1, jour), acteur=reprise)
    assert cost() == one


# A visit --------------------------------------------------------------------------------------------


@pytest.fixture
def visite(tenant):
    make_tarif(tenant)
    session = make_session(tenant, motif="Fièvre depuis trois jours")
    make_prestations(tenant, ("CONS-GEN", 1, None), ("CONS-GEN", 1, 4000), session=session)
    return session


def test_a_visit_shows_what_was_given_and_its_total(visite, caissiere, aller):
    page = caissiere.get(aller(f"visites/{visite.pk}/")).content.decode()
    assert "Fièvre depuis trois jours" in page
    assert "9\u202f000" in page
    assert "tarif 5\u202f000" in page
    assert "Confirmer les soins" not in page, "a cashier confirms no care"


def test_a_doctor_confirms_care_and_closes_the_visit(tenant, client, visite, aller):
    client.force_login(make_user(tenant, "medecin"))
    assert "Confirmer les soins" in client.get(aller(f"visites/{visite.pk}/")).content.decode()
    reponse = client.post(aller(f"visites/{visite.pk}/confirmer/"), follow=True)
    assert "2 prestations confirmées." in reponse.content.decode()
    assert set(visite.prestations.values_list("statut", flat=True)) == {"validated"}
    assert client.post(aller(f"visites/{visite.pk}/fermer/")).status_code == 302
    visite.refresh_from_db()
    assert visite.fermee_le is not None
    assert client.post(aller(f"visites/{visite.pk}/fermer/")).status_code == 409, "the second reads so"
    assert "Fermer la visite" not in client.get(aller(f"visites/{visite.pk}/")).content.decode()


def test_a_doctor_lands_on_the_visits_of_the_day(tenant, client, visite):
    client.force_login(make_user(tenant, "medecin"))
    page = client.get(f"/{tenant.slug}/").content.decode()
    assert visite.patient.nom_complet in page
    assert "Fièvre" not in page


# Doors -----------------------------------------------------------------------------------------------

LIRE = {"caissier": 200, "comptable": 200, "medecin": 200, "auditeur": 200, "administrateur": 403}
ECRIRE = {"caissier": 200, "comptable": 403, "medecin": 200, "auditeur": 403, "administrateur": 403}
PORTES = {
    "": LIRE,
    "recherche/": LIRE,
    "nouveau/": ECRIRE,
    "{patient}/": LIRE,
    "{patient}/modifier/": ECRIRE,
    "visites/{visite}/": LIRE,
    "visites/{visite}/fermer/": {**dict.fromkeys(LIRE, 403), "caissier": 405, "medecin": 405},
    "visites/{visite}/confirmer/": {**dict.fromkeys(LIRE, 403), "medecin": 405},
}


@pytest.mark.parametrize("role", list(LIRE))
def test_each_role_at_each_door(tenant, client, visite, aller, role, settings):
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(tenant, role))
    valeurs = {"patient": visite.patient_id, "visite": visite.pk}
    trouves = {porte: client.get(aller(porte.format(**valeurs))).status_code for porte in PORTES}
    assert trouves == {porte: roles[role] for porte, roles in PORTES.items()}


def test_another_tenants_patient_and_visit_are_not_found(tenant, autre_tenant, caissiere, aller):
    ailleurs = make_session(autre_tenant)
    with scope(autre_tenant.pk):
        patient_id = Session.objects.get().patient_id
    for porte in PORTES:
        if "{" in porte:
            adresse = aller(porte.format(patient=patient_id, visite=ailleurs.pk))
            assert {caissiere.get(adresse).status_code, caissiere.post(adresse).status_code} <= {403, 404, 405}, porte
    assert caissiere.get(aller(f"{patient_id}/")).status_code == 404
    assert caissiere.get(f"/{autre_tenant.slug}/patients/").status_code == 404
    with scope(autre_tenant.pk):
        assert Session.objects.get().fermee_le is None


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("naissance", "dit"),
    [
        (dt.date(1990, 11, 20), "36 ans"),
        (dt.date(1990, 11, 21), "35 ans"),
        (dt.date(2024, 11, 20), "2 ans"),
        (dt.date(2024, 11, 21), "23 mois"),
        (dt.date(2026, 10, 20), "1 mois"),
        (dt.date(2026, 11, 19), "1 jour"),
        (dt.date(2026, 11, 20), "né ce jour"),
        (dt.date(2024, 2, 29), "2 ans"),
        (None, ""),
    ],
)
def test_an_age_as_people_say_it(naissance, dit):
    assert age(naissance, dt.date(2026, 11, 20)) == dit


@pytest.mark.parametrize(
    ("texte", "mots", "marque"),
    [
        ("M’Barga Élodie", ["mb", "elo"], "<mark>M’B</mark>arga <mark>Élo</mark>die"),
        ("Œuvre", ["oe"], "<mark>Œ</mark>uvre"),
        ("<b> & Cie", ["b"], "<mark>&lt;b</mark>&gt; &amp; Cie"),
        ("Fotso", ["fo", "fots"], "<mark>Fots</mark>o"),
        ("Fotso", [], "Fotso"),
    ],
)
def test_what_was_asked_stands_out(texte, mots, marque):
    assert surligner(texte, mots) == marque
