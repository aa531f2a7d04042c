"""The accountant's screens: what they show, whom they let in, what they answer when refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import set_urlconf
from django.utils import timezone

from apps.comptabilite.grand_livre.models import Ecriture, Exercice, ImputationEnAttente, RegleImputation
from apps.comptabilite.grand_livre.selectors import traces_du_fait
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, compte, facture, lues, publier, quittance
from apps.organisations.models import Tenant, Tiers, User
from apps.organisations.tests.factories import acteur_of, make_tenant, make_tiers, make_user
from apps.socle import facts
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope
from tests.front.support import assert_house_page

BASE = "/sainte-odile/comptabilite/"
BACKEND = "apps.organisations.backends.MembershipBackend"


@pytest.fixture(autouse=True)
def sans_second_facteur(settings: object) -> None:
    settings.SECOND_FACTOR = "optional"  # type: ignore[attr-defined]


@pytest.fixture
def personne(tenant: Tenant) -> User:
    return make_user(tenant, "comptable", first_name="Berthe", last_name="Essomba")


@pytest.fixture
def ecran(client: Client, personne: User) -> Client:
    client.force_login(personne, backend=BACKEND)
    return client


def page(reponse: HttpResponse, status: int = HTTPStatus.OK) -> str:
    assert reponse.status_code == status, reponse
    html = reponse.content.decode()
    assert_house_page(html)
    return html


def fichier(reponse: HttpResponse) -> list[list[str]]:
    texte = b"".join(reponse.streaming_content).decode()  # type: ignore[attr-defined]
    assert texte.startswith("\ufeff")
    return list(csv.reader(io.StringIO(texte.removeprefix("\ufeff")), delimiter=";"))


def nue(html: str) -> str:
    return html.replace("\u202f", " ").replace("\u00a0", " ")


# Entries --------------------------------------------------------------------------------------------


def test_the_list_of_entries(ecran: Client, tenant: Tenant) -> None:
    vente = facture(("CONSULTATION", 5000), ("LABORATOIRE", 6500))
    quittance(("ESPECES", 11500))

    html = nue(page(ecran.get(f"{BASE}ecritures/")))

    assert "2 écritures" in html
    assert vente.number in html
    assert "23 000" in html, "the total of all pages"
    assert "À valider" in html


@pytest.mark.parametrize(
    ("filtre", "nombre"),
    [
        ("journal=VT", 1), ("journal=CA", 1), ("journal=MM", 0), ("etat=A_VALIDER", 2), ("etat=VALIDEE", 0),
        ("q=quittance", 1), ("du=2020-01-01&au=2020-12-31", 0), ("journal=VT&tri=montant", 1), ("tri=inconnu", 2),
        ("journal=INCONNU", 2),
    ],
)  # fmt: skip
def test_filters_of_the_list(ecran: Client, filtre: str, nombre: int) -> None:
    facture(("CONSULTATION", 5000))
    quittance(("ESPECES", 5000))

    html = page(ecran.get(f"{BASE}ecritures/?{filtre}"))

    assert html.count('name="e"') == nombre


def test_the_file_holds_every_line_of_the_filtered_entries(ecran: Client, tenant: Tenant) -> None:
    vente = facture(("CONSULTATION", 5000), ("LABORATOIRE", 6500))
    quittance(("ESPECES", 11500))

    titres, *rangs = fichier(ecran.get(f"{BASE}ecritures/?format=csv&journal=VT"))

    assert titres[0] == "Date"
    assert [(r[1], r[3], r[4], r[8], r[9]) for r in rangs] == [
        ("VT", vente.number, "411100", "11500", "0"),
        ("VT", vente.number, "706110", "0", "5000"),
        ("VT", vente.number, "706130", "0", "6500"),
    ]


def test_a_formula_in_a_label_does_no_harm(ecran: Client) -> None:
    compte_piege = compte("70611")
    compte_piege.libelle = "=HYPERLINK(1)"
    compte_piege.save()
    facture(("CONSULTATION", 5000))

    rangs = fichier(ecran.get(f"{BASE}ecritures/?format=csv"))

    assert rangs[2][5] == "'=HYPERLINK(1)"
    assert "&lt;b&gt;" not in page(ecran.get(f"{BASE}comptes/70611/"))


def test_markup_in_a_name_is_shown_as_text(ecran: Client, tenant: Tenant) -> None:
    patient = make_tiers(tenant, nom="<script>alert(1)</script>")
    fait = facture(("CONSULTATION", 5000), tiers=patient)

    for adresse in (f"ecritures/{Ecriture.objects.get(fait_id=fait.id).id}/", "comptes/4111/"):
        html = ecran.get(f"{BASE}{adresse}").content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_an_entry_shows_lines_origin_and_what_else_its_document_made(
    ecran: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_source_links", {"organisations.Tiers": lambda pk: (f"/source/{pk}/", "Le document")})
    patient = make_tiers(tenant)
    fait = quittance(("ESPECES", 1000), ("MTN", 500), tiers=patient)
    caisse, mobile = Ecriture.objects.filter(fait_id=fait.id).order_by("id")

    html = nue(page(ecran.get(f"{BASE}ecritures/{caisse.id}/")))

    assert f'href="/source/{fait.source_id}/"' in html
    assert "Le document" in html
    assert f"ecritures/{mobile.id}/" in html, "the entry of the other journal"
    assert f'<a href="{BASE}ecritures/{caisse.id}/"' not in html, "not itself"
    assert patient.nom in html
    assert f'href="{BASE}comptes/5711/"' in html
    assert "Valider l’écriture" in html
    assert 'href="/sainte-odile/comptabilite/ecritures/"' in html, "and back"


def test_validating_what_is_ticked(ecran: Client, tenant: Tenant) -> None:
    facture(("CONSULTATION", 100))
    facture(("CONSULTATION", 200))
    ids = [str(pk) for pk in Ecriture.objects.values_list("id", flat=True)]

    reponse = ecran.post(f"{BASE}ecritures/valider/?journal=VT", {"e": ids, "action": "valider"})

    assert reponse["Location"] == f"{BASE}ecritures/?journal=VT"
    html = page(ecran.get(reponse["Location"]))
    annee = aujourd_hui().year
    assert f"2 écritures validées, de ECR-{annee}-00001 à ECR-{annee}-00002." in html
    assert set(Ecriture.objects.values_list("statut", flat=True)) == {"VALIDEE"}
    assert 'name="e"' not in html, "nothing is left to tick"


def test_validating_one_entry_stays_on_it(ecran: Client) -> None:
    facture(("CONSULTATION", 100))
    pk = Ecriture.objects.get().id

    reponse = ecran.post(f"{BASE}ecritures/valider/", {"e": str(pk), "suite": "ecriture"})

    assert reponse["Location"] == f"{BASE}ecritures/{pk}/"
    html = page(ecran.get(reponse["Location"]))
    assert "Écriture validée" in nue(html)
    assert "Berthe Essomba" in html
    assert "Valider l’écriture" not in html


def test_nothing_ticked_is_said_and_the_list_stays(ecran: Client) -> None:
    facture(("CONSULTATION", 100))

    html = page(ecran.post(f"{BASE}ecritures/valider/?journal=VT"), HTTPStatus.UNPROCESSABLE_ENTITY)

    assert "Choisissez au moins une écriture." in html
    assert 'name="e"' in html


def test_one_s_own_entry_is_refused_beside_the_list(ecran: Client, tenant: Tenant, personne: User) -> None:
    facture(("CONSULTATION", 100), acteur=acteur_of(personne, tenant))
    pk = str(Ecriture.objects.get().id)

    html = page(ecran.post(f"{BASE}ecritures/valider/", {"e": pk}), HTTPStatus.FORBIDDEN)

    assert "Qui émet ne valide pas" in html
    assert f'value="{pk}"' in html
    assert " checked" in html, "what was ticked stays ticked"
    assert Ecriture.objects.get().statut == "A_VALIDER"


def test_validated_meanwhile_is_said(ecran: Client, tenant: Tenant) -> None:
    facture(("CONSULTATION", 100))
    pk = str(Ecriture.objects.get().id)
    ecran.post(f"{BASE}ecritures/valider/", {"e": pk})

    html = page(ecran.post(f"{BASE}ecritures/valider/", {"e": pk}), HTTPStatus.CONFLICT)

    assert "déjà validée par Berthe Essomba" in nue(html)


@pytest.mark.parametrize("corps", [{"e": "pas-un-id"}, {"e": ["x", "y"]}])
def test_what_is_no_entry_is_not_found(ecran: Client, corps: dict) -> None:
    assert ecran.post(f"{BASE}ecritures/valider/", corps).status_code == HTTPStatus.NOT_FOUND


# Balance and ledgers ------------------------------------------------------------------------------------


def test_the_balance_on_screen_and_as_a_file(ecran: Client) -> None:
    facture(("CONSULTATION", 5000), ("LABORATOIRE", 6500))
    quittance(("ESPECES", 11000))

    html = nue(page(ecran.get(f"{BASE}balance/")))
    assert f'href="{BASE}comptes/70613/' in html
    assert "Analyses de laboratoire" in html
    assert html.count("22 500") == 2, "movements: debit and credit"

    titres, *rangs = fichier(ecran.get(f"{BASE}balance/?format=csv"))
    assert titres[0] == "Compte"
    assert [(r[0], *r[4:8]) for r in rangs] == [
        ("411100", "11500", "11000", "500", "0"),
        ("571100", "11000", "0", "11000", "0"),
        ("706110", "0", "5000", "0", "5000"),
        ("706130", "0", "6500", "0", "6500"),
        ("", "22500", "22500", "11500", "11500"),
    ]


def test_the_balance_of_chosen_days_and_states(ecran: Client, tenant: Tenant) -> None:
    annee = aujourd_hui().year
    facture(("CONSULTATION", 5000), le=date(annee, 2, 3))

    fevrier = nue(page(ecran.get(f"{BASE}balance/?du={annee}-02-01&au={annee}-02-28")))
    assert f"du 01/02/{annee} au 28/02/{annee}" in fevrier
    assert "5 000" in fevrier
    assert "Aucune écriture" in page(ecran.get(f"{BASE}balance/?du={annee}-02-01&au={annee}-02-28&etat=VALIDEE"))
    assert "Le dernier jour précède le premier." in page(ecran.get(f"{BASE}balance/?du={annee}-03-01&au={annee}-02-01"))


def test_a_balance_that_shows_a_till_below_zero_says_so(ecran: Client) -> None:
    publier(type_fait="manquant_de_caisse", lignes=[("ecart", 50, {}), ("caisse", 50, {"caisse": "C1"})], acteur=SYSTEM)

    assert "solde inhabituel" in page(ecran.get(f"{BASE}balance/"))


def test_the_ledger_of_an_account(ecran: Client) -> None:
    facture(("CONSULTATION", 5000))
    encaissement = quittance(("ESPECES", 2000))

    html = nue(page(ecran.get(f"{BASE}comptes/4111/")))

    assert encaissement.number in html
    assert "3 000 FCFA" in html
    assert "débiteur" in html
    _titres, ouverture, *rangs = fichier(ecran.get(f"{BASE}comptes/4111/?format=csv"))
    assert ouverture[5] == "Solde d’ouverture"
    assert [(r[6], r[7], r[8]) for r in rangs] == [("5000", "0", "5000"), ("0", "2000", "3000")]


def test_pages_of_a_ledger_on_screen(ecran: Client) -> None:
    for _ in range(51):
        facture(("CONSULTATION", 100))

    premiere = nue(page(ecran.get(f"{BASE}comptes/4111/")))
    seconde = nue(page(ecran.get(f"{BASE}comptes/4111/?page=2")))

    assert "Ouverture" in premiere
    assert "Report" in seconde
    assert "5 000" in seconde, "what the first page came to"
    assert "51 lignes" in premiere
    assert "51 lignes" in seconde
    for etrange in ("0", "-1", "99", "x", "²"):
        page(ecran.get(f"{BASE}comptes/4111/", {"page": etrange}))


def test_an_account_that_is_not_there(ecran: Client) -> None:
    assert ecran.get(f"{BASE}comptes/9999999/").status_code == HTTPStatus.NOT_FOUND
    assert ecran.get(f"{BASE}ecritures/{uuid4()}/").status_code == HTTPStatus.NOT_FOUND
    assert ecran.get(f"{BASE}imputations/{uuid4()}/").status_code == HTTPStatus.NOT_FOUND


def test_the_chart_is_searched_by_number_and_by_words(ecran: Client) -> None:
    assert "70613" in page(ecran.get(f"{BASE}comptes/?q=7061"))
    assert "70613" in page(ecran.get(f"{BASE}comptes/?q=laboratoire"))
    assert "Aucun compte pour" in page(ecran.get(f"{BASE}comptes/?q=zzz"))
    assert "inactif" in page(ecran.get(f"{BASE}comptes/?q=4714"))


def test_journals_by_month_lead_to_their_entries(ecran: Client) -> None:
    annee = aujourd_hui().year
    facture(("CONSULTATION", 5000), le=date(annee, 2, 3))

    html = nue(page(ecran.get(f"{BASE}centralisateur/?du={annee}-01-01&au={annee}-12-31")))

    assert f"02/{annee}" in html
    dernier = 29 if annee % 4 == 0 else 28
    assert f"ecritures/?journal=VT&amp;du={annee}-02-01&amp;au={annee}-02-{dernier}" in html


# Pending imputations --------------------------------------------------------------------------------------


def test_a_pending_imputation_from_the_bar_to_its_entries(ecran: Client, tenant: Tenant, personne: User) -> None:
    fait = quittance(("TROC", 500))
    attente = ImputationEnAttente.objects.get()
    assert fait.number in page(ecran.get(f"{BASE}imputations/"))

    html = nue(page(ecran.get(f"{BASE}imputations/{attente.id}/")))
    assert "Règle pour « règlement »" in html
    assert "moyen de paiement TROC, caisse C1" in html
    assert "Comptabiliser" not in html

    regle = {"criteres": ["moyen"], "sens": "DEBIT", "compte": "4711", "journal": "OD"}
    lieu = f"{BASE}imputations/{attente.id}/"
    assert ecran.post(f"{lieu}regle/", regle)["Location"] == lieu
    html = nue(page(ecran.get(lieu)))
    assert "Règle pour « créance réglée »" in html
    assert ecran.post(f"{lieu}regle/", {**regle, "sens": "CREDIT", "compte": "4111"})["Location"] == lieu
    html = nue(page(ecran.get(lieu)))
    assert "Ce qui sera comptabilisé" in html
    assert "4711" in html

    reponse = ecran.post(f"{lieu}comptabiliser/")

    assert reponse["Location"] == f"{BASE}imputations/"
    assert lues(fait) == [("OD", [("4711", 500, 0), ("4111", 0, 500)])]
    assert "Aucune imputation en attente" in page(ecran.get(f"{BASE}imputations/"))
    assert fait.number in page(ecran.get(f"{BASE}imputations/?toutes=1"))
    resolue = nue(page(ecran.get(lieu)))
    assert "Résolue" in resolue
    assert "Berthe Essomba" in resolue
    assert page(ecran.post(f"{lieu}comptabiliser/"), HTTPStatus.CONFLICT)
    assert ecran.post(f"{lieu}regle/", regle)["Location"] == lieu, "nothing is missing any more"
    assert RegleImputation.objects.filter(moyen="TROC").count() == 2


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"compte": "9999999"}, "Aucun compte n’a ce numéro."),
        ({"compte": "57"}, "ne reçoit pas d’écritures"),
        ({"compte": ""}, "obligatoire"),
        ({"journal": "ZZ"}, "ZZ"),
    ],
)
def test_a_rule_that_cannot_be_saved_says_why_beside_its_field(ecran: Client, change: dict, phrase: str) -> None:
    quittance(("TROC", 500))
    lieu = f"{BASE}imputations/{ImputationEnAttente.objects.get().id}/regle/"

    html = page(
        ecran.post(lieu, {"sens": "DEBIT", "compte": "4711", "journal": "OD", **change}),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )

    assert phrase in html
    assert not RegleImputation.objects.filter(compte__numero="4711").exists()


def test_a_rule_that_exists_on_other_days_is_refused_with_its_reason(ecran: Client, tenant: Tenant) -> None:
    quittance(("TROC", 500))
    existante = RegleImputation(
        type_fait="quittance_emise", role="reglement", moyen="TROC", sens="DEBIT", compte=compte("4711")
    )
    existante.journal = RegleImputation.objects.first().journal
    existante.valide_du = date(aujourd_hui().year + 1, 1, 1)
    existante.save()
    lieu = f"{BASE}imputations/{ImputationEnAttente.objects.get().id}/regle/"

    html = page(
        ecran.post(lieu, {"criteres": ["moyen"], "sens": "DEBIT", "compte": "4711", "journal": "OD"}),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )
    assert "on ne saurait laquelle choisir" in html


def test_posting_while_a_rule_is_missing_says_which(ecran: Client) -> None:
    quittance(("TROC", 500))

    html = page(
        ecran.post(f"{BASE}imputations/{ImputationEnAttente.objects.get().id}/comptabiliser/"),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )

    assert "Il manque une règle pour" in html


def test_all_pending_imputations_are_tried_again(ecran: Client, tenant: Tenant) -> None:
    for _ in range(2):
        quittance(("TROC", 500))
    publier(
        type_fait="invoice_issued",
        lignes=[("creance", 10, {}), ("produit", 10, {"type_recette": "INCONNU"})],
        acteur=SYSTEM,
    )
    lieu = f"{BASE}imputations/{ImputationEnAttente.objects.first().id}/regle/"
    for sens, numero in (("DEBIT", "4711"), ("CREDIT", "4111")):
        ecran.post(lieu, {"criteres": ["moyen"], "sens": sens, "compte": numero, "journal": "OD"})

    reponse = ecran.post(f"{BASE}imputations/comptabiliser/")

    html = nue(page(ecran.get(reponse["Location"])))
    assert "2 imputations comptabilisées ; 1 attend encore une règle." in html


def test_a_fact_outside_any_exercise_opens_it_from_its_screen(ecran: Client) -> None:
    lointain = date(aujourd_hui().year + 3, 2, 1)
    fait = quittance(("ESPECES", 500), le=lointain)
    lieu = f"{BASE}imputations/{ImputationEnAttente.objects.get().id}/"
    assert f"Ouvrir l’exercice {lointain.year}" in page(ecran.get(lieu))

    assert ecran.post(f"{lieu}exercice/")["Location"] == lieu

    assert Exercice.objects.filter(code=str(lointain.year)).exists()
    assert "Ce qui sera comptabilisé" in page(ecran.get(lieu))
    ecran.post(f"{lieu}comptabiliser/")
    assert [journal for journal, _ in lues(fait)] == ["CA"]


def test_rules_that_do_not_balance_are_shown_as_such(ecran: Client) -> None:
    quittance(("TROC", 500))
    lieu = f"{BASE}imputations/{ImputationEnAttente.objects.get().id}/"
    for journal in ("OD", "CA"):
        ecran.post(f"{lieu}regle/", {"criteres": ["moyen"], "sens": "DEBIT", "compte": "4711", "journal": journal})

    assert "journaux différents" in page(ecran.get(lieu))


# Doors -----------------------------------------------------------------------------------------------------

LECTURES = ("ecritures/", "balance/", "comptes/", "comptes/4111/", "centralisateur/", "imputations/")


@pytest.mark.parametrize(
    ("role", "status"),
    [("comptable", 200), ("auditeur", 200), ("caissier", 403), ("medecin", 403)],
)
def test_who_may_read(client: Client, tenant: Tenant, role: str, status: int) -> None:
    client.force_login(make_user(tenant, role), backend=BACKEND)

    assert {adresse: client.get(f"{BASE}{adresse}").status_code for adresse in LECTURES} == dict.fromkeys(
        LECTURES, status
    )


def test_an_auditor_reads_and_changes_nothing(client: Client, tenant: Tenant) -> None:
    client.force_login(make_user(tenant, "auditeur"), backend=BACKEND)
    facture(("CONSULTATION", 100))
    quittance(("TROC", 500))
    ecriture, attente = Ecriture.objects.get(), ImputationEnAttente.objects.get()

    html = page(client.get(f"{BASE}ecritures/{ecriture.id}/")) + page(client.get(f"{BASE}imputations/{attente.id}/"))
    assert '<form method="post" action="/sainte-odile/comptabilite' not in html
    for adresse in (
        "ecritures/valider/",
        "imputations/comptabiliser/",
        *(f"imputations/{attente.id}/{a}/" for a in ("regle", "comptabiliser", "exercice")),
    ):
        assert client.post(f"{BASE}{adresse}", {"e": str(ecriture.id)}).status_code == HTTPStatus.FORBIDDEN
        assert client.get(f"{BASE}{adresse}").status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}


def test_another_tenant_s_books_are_not_found(ecran: Client, tenant: Tenant) -> None:
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(voisin.id):
        facture(("CONSULTATION", 100))
        quittance(("TROC", 500))
        ecriture, attente = Ecriture.objects.get(), ImputationEnAttente.objects.get()

    assert ecran.get("/saint-luc/comptabilite/ecritures/").status_code == HTTPStatus.NOT_FOUND
    assert ecran.get(f"{BASE}ecritures/{ecriture.id}/").status_code == HTTPStatus.NOT_FOUND
    assert ecran.get(f"{BASE}imputations/{attente.id}/").status_code == HTTPStatus.NOT_FOUND
    html = page(ecran.post(f"{BASE}ecritures/valider/", {"e": str(ecriture.id)}), HTTPStatus.UNPROCESSABLE_ENTITY)
    assert "introuvable" in html
    assert len(fichier(ecran.get(f"{BASE}ecritures/?format=csv"))) == 1, "the head alone"


def test_the_home_and_the_bar_count_what_waits(ecran: Client) -> None:
    facture(("CONSULTATION", 100))
    quittance(("TROC", 500))

    html = page(ecran.get("/sainte-odile/"))

    assert "Imputations en attente" in html
    assert '<span class="nombre">1</span>' in html
    assert 'ecritures/?etat=A_VALIDER">1</a>' in html


@pytest.fixture
def adresses_du_personnel() -> Iterator[None]:
    set_urlconf("config.urls_staff")
    yield
    set_urlconf(None)


def test_documents_find_what_the_ledger_made_of_them(tenant: Tenant, adresses_du_personnel: None) -> None:
    vente, troc = facture(("CONSULTATION", 100)), quittance(("TROC", 500))

    [trace] = traces_du_fait(vente.id)
    assert (trace.label, trace.detail) == (f"VT {vente.number}", "À valider")
    assert str(Ecriture.objects.get().id) in trace.url
    [attente] = traces_du_fait(troc.id)
    assert attente.label == "Imputation en attente"


# Cost --------------------------------------------------------------------------------------------------------


LISTES = (
    "ecritures/", "balance/", "comptes/4111/", "comptes/706/", "comptes/", "centralisateur/", "imputations/",
    "ecritures/?format=csv", "comptes/4111/?format=csv", "balance/?format=csv",
)  # fmt: skip


def test_a_screen_costs_the_same_for_one_row_or_fifty(ecran: Client, tenant: Tenant) -> None:
    def couts() -> dict[str, int]:
        return {adresse: cout(adresse) for adresse in LISTES}

    def cout(adresse: str) -> int:
        with CaptureQueriesContext(connection) as capture:
            reponse = ecran.get(f"{BASE}{adresse}")
            if reponse.streaming:
                fichier(reponse)
        assert reponse.status_code == HTTPStatus.OK
        return len(capture)

    def remplir(nombre: int) -> None:
        for _ in range(nombre):
            facture(("CONSULTATION", 100), ("LABORATOIRE", 50), tiers=Tiers.objects.first())
            quittance(("TROC", 500))

    make_tiers(tenant)
    remplir(1)
    couts()  # sessions, content types
    un = couts()
    remplir(49)

    assert couts() == un


def test_days_are_the_tenant_s(client: Client, personne: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """At half past eleven in the evening, UTC, it is already tomorrow in Douala."""
    soir = datetime.combine(datetime.now(UTC).date(), time(23, 30), tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: soir)
    client.force_login(personne, backend=BACKEND)

    assert f"au {soir.date() + timedelta(days=1):%d/%m/%Y}" in page(client.get(f"{BASE}balance/"))


def test_amounts_are_decimals_to_the_end(ecran: Client) -> None:
    facture(("CONSULTATION", 5))

    contexte = ecran.get(f"{BASE}balance/").context

    assert type(contexte["balance"].total.mouvement_debit) is Decimal
