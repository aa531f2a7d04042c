"""A patient who is not known yet is registered on the way, and the sale goes on with its lines."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.comptabilite.caisse.models import Caisse, FactureCaisse, Quittance
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.views.suspendue import GARDEES
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet
from apps.hospital.models import Patient
from apps.hospital.services import enregistrer_patient
from apps.organisations.models import Tenant
from apps.organisations.services.create_user import grant_membership
from apps.organisations.tests.factories import acteur_of, make_user
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope

ZERO = Decimal(0)


@pytest.fixture
def sans_patient(caissiere: Personne) -> Page:
    """A sale with two lines, a quantity, a price, a cheque and a search that found nobody."""
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    page = caissiere.presser(page, "ajouter:LB-NFS")
    page = caissiere.presser(page, "moyen:CHEQUE", lignes_0_quantite="2", lignes_1_prix="4 000", q="Zambo Édith")
    return caissiere.presser(page, "recalculer", paiements_1_montant="1 000", paiements_1_banque="UBA")


def enregistrer(qui: Personne, page: Page, **identite: str) -> Page:
    """Send the form of a new patient as it stands on `page`, at its own address."""
    formulaire = page.formulaire(novalidate="")
    adresse = page.reponse.wsgi_request.get_full_path()
    return Page(qui.client.post(adresse, {**formulaire, **identite}))


def test_registering_leads_back_to_the_sale_with_its_lines(caissiere: Personne, sans_patient: Page) -> None:
    assert "Aucun patient pour « Zambo Édith »." in sans_patient.texte
    formulaire = caissiere.suivre(caissiere.presser(sans_patient, "nouveau-patient"))
    assert formulaire.formulaire(novalidate="")["nom"] == "Zambo Édith"
    assert "Vous reviendrez ensuite à l’écran d’où vous venez." in formulaire.texte
    refusee = enregistrer(caissiere, formulaire, nom="")
    assert refusee.statut == 422
    retour = caissiere.suivre(enregistrer(caissiere, refusee, nom="Zambo", prenom="Édith"))
    patient = Patient.objects.get(nom="Zambo")
    assert f"Patient enregistré sous le numéro {patient.numero}" in retour.refus
    assert "Zambo Édith" in retour.texte
    garde = {nom: retour.valeur(nom) for nom in sans_patient.formulaire() if nom.startswith(("lignes", "paiements"))}
    avant = {nom: sans_patient.valeur(nom) for nom in garde}
    assert garde == avant
    assert (garde["lignes-0-quantite"], garde["lignes-1-prix"], garde["paiements-1-banque"]) == ("2", "4 000", "UBA")
    assert retour.valeur("patient") == str(patient.pk)
    assert not FactureCaisse.objects.exists()


def test_somebody_who_was_known_after_all_is_chosen_for_the_sale(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    formulaire = caissiere.suivre(caissiere.presser(page, "nouveau-patient", q="Mbarga"))
    ressemblant = enregistrer(caissiere, formulaire, nom="Mbarga Nkoulou", prenom="Solange", telephone="677412093")
    assert ressemblant.statut == 409
    [lien] = [a for a in ressemblant.trouver("a") if a.get("data-id") == str(guichet.patient.pk)]
    retour = Page(caissiere.client.get(lien.get("href")))
    assert (retour.valeur("patient"), retour.valeur("lignes-0-code")) == (str(guichet.patient.pk), "CONS-GEN")


def test_giving_up_leads_back_too(caissiere: Personne, sans_patient: Page) -> None:
    formulaire = caissiere.suivre(caissiere.presser(sans_patient, "nouveau-patient"))
    [annuler] = formulaire.trouver("a", data_touche="Escape")
    assert Page(caissiere.client.get(annuler.get("href"))).valeur("lignes-1-code") == "LB-NFS"


def test_another_is_registered_where_namesakes_were_found(guichet: Guichet, caissiere: Personne) -> None:
    enregistrer_patient(nom="Mbarga", prenom="Sophie", acteur=guichet.caissiere)
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "recalculer", q="mbarga")
    assert "Mbarga Sophie" in page.texte
    assert page.trouver("button", value="nouveau-patient")


def test_a_sale_taken_up_again_after_it_was_collected_is_not_sold_twice(
    caissiere: Personne, sans_patient: Page
) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    formulaire = caissiere.suivre(caissiere.presser(page, "nouveau-patient", q="Zambo"))
    adresse = enregistrer(caissiere, formulaire).vers
    for _fois in range(2):  # Back, then the same button again
        papier = caissiere.presser(Page(caissiere.client.get(adresse)), "encaisser")
        assert papier.vers.endswith("?neuve=1")
    assert Quittance.objects.count() == 1


def test_the_last_sales_put_aside_are_kept_and_no_more(caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    adresses = []
    for _vente in range(GARDEES + 1):
        vers = caissiere.presser(page, "nouveau-patient").vers
        adresses.append(parse_qs(urlsplit(vers).query)["retour"][0])
    gardees = ["lignes-0-code" in Page(caissiere.client.get(adresse)).formulaire() for adresse in adresses]
    assert gardees == [False] + [True] * GARDEES


def test_a_sale_put_aside_is_this_houses(guichet: Guichet, autre_tenant: Tenant) -> None:
    """One person keeps a till in two houses, in two tabs of one browser."""
    rose = make_user(guichet.tenant, "caissier", email="rose@exemple.cm")
    with scope(autre_tenant.pk):
        grant_membership(tenant=autre_tenant, user=rose, role="caissier", acteur=SYSTEM)
        ouvrir_session_caisse(caisse_id=Caisse.objects.get().pk, fonds=ZERO, acteur=acteur_of(rose, autre_tenant))
    deuxieme = creer_caisse(code="C2", libelle="Caisse 2", acteur=SYSTEM)
    ouvrir_session_caisse(caisse_id=deuxieme.pk, fonds=ZERO, acteur=acteur_of(rose, guichet.tenant))
    ici = Personne(guichet.tenant, rose)
    page = ici.presser(ici.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    retour = parse_qs(urlsplit(ici.presser(page, "nouveau-patient").vers).query)["retour"][0]
    assert "lignes-0-code" in Page(ici.client.get(retour)).formulaire()
    ailleurs = Page(ici.client.get(retour.replace(guichet.tenant.slug, autre_tenant.slug)))
    assert ailleurs.statut == 200
    assert "lignes-0-code" not in ailleurs.formulaire()


def test_registering_leads_to_no_other_place(caissiere: Personne) -> None:
    for rang, retour in enumerate(
        (
            "https://ailleurs.example/",
            "//ailleurs.example/",
            "/autre-maison/caisse/",
            "javascript:alert(1)",
            "/sainte-odile/../x",
        )
    ):
        page = caissiere.ouvrir("hospital:patient_creer", retour=retour)
        assert "retour" not in page.formulaire(novalidate="")
        identite = {"nom": f"Zambo {'abcdef'[rang]}", "retour": retour, "cle_idempotence": str(rang)}
        fait = caissiere.envoyer("hospital:patient_creer", donnees=identite)
        assert fait.vers.endswith(f"/patients/{Patient.objects.latest('numero').pk}/")
