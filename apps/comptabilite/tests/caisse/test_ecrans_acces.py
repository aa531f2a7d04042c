"""Who may open the till's screens, what another house sees of them, what they cost, and the home page."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from apps.comptabilite.caisse.choices import OrigineReprise
from apps.comptabilite.caisse.models import DuplicataQuittance, FactureCaisse
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.tests.caisse.ecrans import Personne
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture, make_guichet, mobile
from apps.comptabilite.tests.caisse.papier import deposer, papier, recette
from apps.hospital.services import enregistrer_patient
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.clock import local_date
from apps.socle.scope import scope

TENIR, LIRE, VALIDER, REIMPRIMER = (
    {"caissier"},
    {"caissier", "comptable", "auditeur", "administrateur"},
    {"comptable"},
    {"caissier", "comptable"},
)
# page: (roles that may, status for them, or for a POST)
PAGES = {
    "caisse:encaisser": (TENIR, 302),  # whose till is closed is led to open it
    "caisse:factures": (LIRE, 200),
    "caisse:exporter_factures": (LIRE, 200),
    "caisse:traiter": (VALIDER, 302),
    "caisse:facture": (LIRE, 200),
    "caisse:corriger": (TENIR, 302),  # not theirs
    "caisse:encaisser_facture": (TENIR, 302),
    "caisse:quittances": (LIRE, 200),
    "caisse:exporter_quittances": (LIRE, 200),
    "caisse:quittance": (LIRE, 200),
    "caisse:original": (LIRE, 404),  # not theirs
    "caisse:reimprimer": (REIMPRIMER, 405),
    "caisse:duplicata": (LIRE, 200),
    "caisse:session": (TENIR, 200),
    "caisse:ouvrir": (TENIR, 405),
    "caisse:fermer": (TENIR, 405),
    "caisse:une_session": (LIRE, 200),
    "caisse:regle": (LIRE, 200),
    "caisse:reprises": (LIRE - TENIR, 200),
    "caisse:reprise": (LIRE - TENIR, 200),
    "caisse:conduire_reprise": (LIRE - TENIR - {"auditeur"}, 405),
    "caisse:rapport_reprise": (LIRE - TENIR, 200),
}


@pytest.fixture
def sans_second_facteur(settings) -> None:
    settings.SECOND_FACTOR = "optional"


@pytest.fixture
def ids(guichet: Guichet) -> dict[str, tuple]:
    """What each page's address needs, of a paid and reprinted invoice."""
    facture = make_facture(guichet)
    quittance = encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    reimprimer_quittance(quittance_id=quittance.id, acteur=guichet.caissiere)
    de_facture = dict.fromkeys(("caisse:facture", "caisse:corriger", "caisse:encaisser_facture"), (facture.id,))
    de_quittance = dict.fromkeys(("caisse:quittance", "caisse:original", "caisse:reimprimer"), (quittance.id,))
    reprise = deposer(guichet.tenant, papier([recette("S1")], []), OrigineReprise.ECRAN)
    de_reprise = dict.fromkeys(("caisse:reprise", "caisse:conduire_reprise", "caisse:rapport_reprise"), (reprise.id,))
    de_session = {"caisse:une_session": (quittance.session_caisse_id,)}
    return {**de_facture, **de_session, **de_quittance, **de_reprise, "caisse:duplicata": (quittance.id, 1)}


def test_every_address_of_the_till_has_its_roles() -> None:
    connues = {
        f"caisse:{nom}"
        for nom in get_resolver("config.urls_staff").namespace_dict["caisse"][1].reverse_dict
        if isinstance(nom, str)
    }
    assert connues == set(PAGES)


@pytest.mark.usefixtures("sans_second_facteur")
@pytest.mark.parametrize("role", ["administrateur", "caissier", "comptable", "medecin", "auditeur"])
def test_each_role_opens_its_pages_and_no_other(guichet: Guichet, ids: dict[str, tuple], role: str) -> None:
    qui = Personne(guichet.tenant, make_acteur(guichet.tenant, role))
    statuts = {nom: qui.client.get(qui.adresse(nom, *ids.get(nom, ()))).status_code for nom in PAGES}
    assert statuts == {nom: statut if role in roles else 403 for nom, (roles, statut) in PAGES.items()}


@pytest.mark.usefixtures("sans_second_facteur")
def test_what_a_role_may_not_do_is_refused_and_not_offered(
    guichet: Guichet, comptable: Personne, caissiere: Personne
) -> None:
    attend = make_facture(guichet, ("CONS-GEN", 1, 3000))
    fiche = caissiere.ouvrir("caisse:facture", attend.pk)
    assert not fiche.trouver("button", value="valider")
    assert caissiere.envoyer("caisse:traiter", donnees={"facture": str(attend.pk), "faire": "valider"}).statut == 403
    assert comptable.envoyer("caisse:encaisser", donnees={"faire": "encaisser"}).statut == 403
    assert comptable.envoyer("caisse:ouvrir", donnees={}).statut == 403
    vue = comptable.ouvrir("caisse:facture", attend.pk)
    assert not [a for a in vue.trouver("a") if "/encaisser/" in a.get("href", "") or "/corriger/" in a.get("href", "")]
    auditeur = Personne(guichet.tenant, make_acteur(guichet.tenant, "auditeur"))
    assert not auditeur.ouvrir("caisse:facture", attend.pk).trouver("button", value="valider")
    assert FactureCaisse.objects.get().statut == "EN_ATTENTE"


@pytest.mark.usefixtures("sans_second_facteur")
def test_another_house_s_documents_are_not_there(ids: dict[str, tuple], autre_tenant: Tenant) -> None:
    voisin = make_guichet(autre_tenant)
    for qui in (Personne(autre_tenant, voisin.caissiere), Personne(autre_tenant, voisin.comptable)):
        for nom, arguments in ids.items():
            adresse = qui.adresse(nom, *arguments)
            assert qui.client.get(adresse).status_code in {404, 403, 405}, nom
            assert qui.client.post(adresse, {"faire": "encaisser", "cle_idempotence": "x"}).status_code in {
                404,
                403,
                405,
            }, nom
        for nom in ("caisse:factures", "caisse:quittances"):
            assert "Mbarga" not in qui.ouvrir(nom, etat="toutes").html
    with scope(autre_tenant.id):
        assert not DuplicataQuittance.objects.exists()
        assert not FactureCaisse.objects.exists()


def test_another_house_s_patient_or_invoice_is_not_sold_to(
    guichet: Guichet, caissiere: Personne, autre_tenant: Tenant
) -> None:
    voisin = make_guichet(autre_tenant)
    ailleurs = make_facture(voisin)
    page = caissiere.ouvrir("caisse:encaisser", patient=voisin.patient.id)
    assert "patient" not in page.formulaire()
    refusee = caissiere.presser(page, "attente", patient=str(voisin.patient.id))
    assert refusee.erreur_de("q") == "Choisissez le patient."
    assert caissiere.envoyer("caisse:encaisser_facture", ailleurs.pk, donnees={"faire": "encaisser"}).statut == 404
    assert caissiere.ouvrir("caisse:facture", uuid.uuid4()).statut == 404


@pytest.mark.usefixtures("sans_second_facteur")
def test_ids_of_another_house_sent_along_stop_nothing(
    guichet: Guichet, comptable: Personne, autre_tenant: Tenant
) -> None:
    ailleurs, ici = make_facture(make_guichet(autre_tenant)), make_facture(guichet, ("CONS-GEN", 1, 3000))
    envoi = {"facture": [str(ailleurs.pk), str(ici.pk)], "faire": "valider", "cle_idempotence": "k"}
    bandes = comptable.suivre(comptable.envoyer("caisse:traiter", donnees=envoi)).refus
    assert "Une des factures n’existe plus ici." in bandes
    assert "1 facture validée." in bandes


# What the pages cost -----------------------------------------------------------------------------------------------


def _une_rangee(guichet: Guichet, rang: int) -> None:
    """Add one row to each list: an invoice that waits, one sold by two means, each for its own patient."""
    patient = enregistrer_patient(nom="Ngo", prenom=f"Rang {rang}", acteur=guichet.caissiere)
    facturer_patient(patient_id=patient.id, lignes=lignes(("CONS-GEN", 1, 3000), "LB-GE"), acteur=guichet.caissiere)
    paiements = [especes(1500), mobile(500, reference=f"MT{rang}")]
    vendre_au_comptant(patient_id=patient.id, lignes=lignes("LB-GE"), paiements=paiements, acteur=guichet.caissiere)


def _une_caisse(guichet: Guichet, code: str) -> None:
    caisse = creer_caisse(code=code, libelle=f"Caisse {code}", acteur=guichet.comptable)
    ouvrir_session_caisse(caisse_id=caisse.id, fonds=Decimal(0), acteur=make_acteur(guichet.tenant, "caissier"))


def _requetes(qui: Personne, adresse: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as contexte:
        reponse = qui.client.get(adresse)
        if reponse.streaming:
            b"".join(reponse)
    assert reponse.status_code == 200
    return len(contexte)


@pytest.mark.usefixtures("sans_second_facteur")
def test_fifty_rows_cost_no_more_queries_than_one(
    guichet: Guichet, caissiere: Personne, comptable: Personne, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.comptabilite.caisse.views import factures, quittances
    from apps.socle.screens.lists import page_of

    for ecran in (factures, quittances):
        monkeypatch.setattr(ecran, "page_of", lambda requete, rangees, per_page=50: page_of(requete, rangees, 50))
    adresses = [
        (comptable, comptable.adresse("caisse:factures")), (comptable, comptable.adresse("caisse:factures") + "?etat=toutes&tri=patient"),
        (comptable, comptable.adresse("caisse:quittances")), (comptable, comptable.adresse("caisse:exporter_quittances")),
        (comptable, comptable.adresse("caisse:exporter_factures") + "?etat=toutes"), (comptable, comptable.adresse("home")),
        (caissiere, caissiere.adresse("caisse:encaisser")), (caissiere, caissiere.adresse("caisse:session")),
        (caissiere, caissiere.adresse("caisse:factures")),
    ]  # fmt: skip
    _une_rangee(guichet, 0)
    une = [_requetes(qui, adresse) for qui, adresse in adresses]
    for rang in range(1, 50):
        _une_rangee(guichet, rang)
    for code in ("C2", "C3"):
        _une_caisse(guichet, code)
    cinquante = [_requetes(qui, adresse) for qui, adresse in adresses]
    assert {
        adresse: (avant, apres)
        for (_qui, adresse), avant, apres in zip(adresses, une, cinquante, strict=True)
        if avant != apres
    } == {}
    assert max(cinquante) <= 30


# Home ----------------------------------------------------------------------------------------------------------------


def test_a_cashier_lands_on_the_till(caissiere: Personne) -> None:
    assert caissiere.ouvrir("home").vers == caissiere.adresse("caisse:encaisser")


@pytest.mark.usefixtures("sans_second_facteur")
def test_the_accountant_s_home_says_what_waits(guichet: Guichet, comptable: Personne) -> None:
    vide = comptable.ouvrir("home")
    assert "Recettes du jour 0 FCFA 0 quittance" in vide.texte
    make_facture(guichet, ("CONS-GEN", 1, 3000))
    valider_facture(facture_id=make_facture(guichet).id, acteur=guichet.comptable)
    encaisser_facture(
        facture_id=make_facture(guichet, "LB-GE").id, paiements=[especes(1500), mobile(500)], acteur=guichet.caissiere
    )
    page = comptable.ouvrir("home")
    for dit in (
        "Recettes du jour 2 000 FCFA 1 quittance", "Factures à valider 1 3 000 FCFA", "Factures à encaisser 1 11 500 FCFA",
        "Factures rejetées 0", "Caisse Quittances Espèces Mobile Autres Encaissé C1 Amina Ngo Bassong ouverte aujourd’hui",
    ):  # fmt: skip
        assert dit in page.texte, (dit, page.texte)
    assert "1 1 500 500 0 2 000 Total 1 1 500 500 0 2 000" in page.texte
    [cles] = page.trouver("div", class_="cles mb-3")
    for lien in cles.iter("a"):
        liste = comptable.client.get(lien.get("href"))
        assert liste.status_code == 200
    aujourdhui = local_date(guichet.tenant.time_zone)
    assert f"{aujourdhui:%d}" in page.texte
    assert f"{aujourdhui - timedelta(days=13):%d}" in page.texte


@pytest.mark.usefixtures("sans_second_facteur")
def test_each_figure_leads_to_the_list_that_proves_it(guichet: Guichet, comptable: Personne) -> None:
    encaisser_facture(facture_id=make_facture(guichet).id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    page = comptable.ouvrir("home")
    [recettes] = [a for a in page.trouver("a") if "Recettes du jour" in "".join(a.itertext())]
    liste = comptable.client.get(recettes.get("href")).content.decode()
    assert "11\u202f500" in liste
    assert "Total, 1 quittance" in liste
