"""From any figure to the document that made it: the legal invoice, the receipt, the account."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from django.test import Client

from apps.comptabilite.caisse.services.definir_regle_validation import definir_regle_validation
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.grand_livre.selectors import ecritures_du_fait
from apps.comptabilite.tests.caisse.ecrans import Personne
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture
from apps.fiscal.selectors import entries_of_source
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.selectors import solde
from apps.organisations.tests.factories import make_acteur, make_user
from apps.socle.clock import local_date
from apps.socle.facts import authority_of, source_link, source_url
from apps.socle.models import Fait


@pytest.fixture
def vente(guichet: Guichet):
    return vendre_au_comptant(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN", "LB-NFS", "LB-GE"),
        paiements=[especes(11500, 20000)],
        acteur=guichet.caissiere,
    )


@pytest.mark.urls("config.urls_staff")
def test_each_document_has_its_address(vente) -> None:
    quittance, facture = vente.quittance, vente.facture
    assert source_link("comptabilite.Quittance", quittance.id) == (
        f"/caisse/quittances/{quittance.id}/",
        quittance.numero_quittance,
    )
    assert source_link("comptabilite.FactureCaisse", facture.id) == (
        f"/caisse/factures/{facture.id}/",
        facture.numero_travail,
    )
    assert source_url("comptabilite.Quittance", quittance.id) == f"/caisse/quittances/{quittance.id}/"


def test_what_the_system_issued_says_under_whose_rule_and_for_whom(guichet: Guichet, vente, client: Client) -> None:
    """A sale at the counter is validated by the system, which decides nothing by itself."""
    definir_regle_validation(
        active=True,
        plafond=None,
        acteur=make_acteur(guichet.tenant, "comptable", first_name="Rose", last_name="Tchoumi"),
    )
    suivante = vendre_au_comptant(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN"),
        paiements=[especes(5000)],
        acteur=guichet.caissiere,
    )
    dit = f"selon la règle de Rose Tchoumi\u00a0; facture de {guichet.caissiere.label}"
    client.force_login(make_user(guichet.tenant, "auditeur"))
    invoice = suivante.facture.invoice_id
    [maillon] = entries_of_source("facturation.Invoice", invoice)
    for page in (f"factures/{invoice}/", f"chaine/{maillon.sequence_number}/"):
        assert f"Système, {dit}" in " ".join(
            re.sub("<[^>]+>", "", html.unescape(client.get(f"/{guichet.tenant.slug}/{page}").content.decode())).split(
                " "
            )
        )


def test_what_a_person_validated_needs_no_authority(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    valider_facture(facture_id=facture.id, acteur=make_acteur(guichet.tenant, "comptable"))
    facture.refresh_from_db()
    assert authority_of("facturation.Invoice", facture.invoice_id) == ""
    assert authority_of("facturation.Invoice", guichet.patient.id) == ""
    assert authority_of("inconnu.Document", facture.id) == ""


@pytest.mark.urls("config.urls_staff")
def test_a_float_leads_to_its_session(guichet: Guichet) -> None:
    fait = Fait.objects.get(type="fonds_de_caisse")
    jour = f"{local_date(guichet.tenant.time_zone):%d/%m/%Y}"
    assert source_link(fait.source_type, fait.source_id) == (f"/caisse/sessions/{guichet.session.pk}/", f"C1 {jour}")
    assert source_url(fait.source_type, fait.source_id) == f"/caisse/sessions/{guichet.session.pk}/"


def test_a_session_shows_its_float_takings_count_and_what_they_left(
    guichet: Guichet, vente, client: Client, django_assert_max_num_queries
) -> None:
    racine = f"/{guichet.tenant.slug}"
    client.force_login(make_user(guichet.tenant, "auditeur"))
    page = f"{racine}/caisse/sessions/{guichet.session.pk}/"
    ouverte = client.get(page).content.decode()
    for dit in ("Ngo Bassong", "50\u202f000\u00a0FCFA", "61\u202f500\u00a0FCFA", vente.quittance.numero_quittance):
        assert dit in ouverte
    assert "Espèces comptées" not in ouverte
    fermer_session_caisse(
        session_caisse_id=guichet.session.pk, compte=Decimal(61_000), motif_ecart="Billet", acteur=guichet.caissiere
    )
    with django_assert_max_num_queries(30):
        fermee = client.get(page).content.decode()
    for dit in ("Espèces comptées", "61\u202f000\u00a0FCFA", "\u2212500\u00a0FCFA", "Billet"):
        assert dit in fermee
    for fait in Fait.objects.filter(source_id=guichet.session.pk):
        (ecriture,) = ecritures_du_fait(fait.pk)
        assert f"{racine}/comptabilite/ecritures/{ecriture.pk}/" in fermee
        maillon = entries_of_source(fait.source_type, fait.source_id).get(fact_id=fait.pk)
        assert page in client.get(f"{racine}/comptabilite/ecritures/{ecriture.pk}/").content.decode()
        assert page in client.get(f"{racine}/chaine/{maillon.sequence_number}/").content.decode()
    assert Fait.objects.filter(source_id=guichet.session.pk).count() == 2


def test_a_session_that_moved_no_money_says_so(guichet: Guichet, client: Client, settings) -> None:
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(guichet.tenant, "comptable"))
    fermer_session_caisse(session_caisse_id=guichet.session.pk, compte=Decimal(50_000), acteur=guichet.caissiere)
    suivante = ouvrir_session_caisse(caisse_id=guichet.caisse.pk, fonds=Decimal(50_000), acteur=guichet.caissiere)
    page = client.get(f"/{guichet.tenant.slug}/caisse/sessions/{suivante.pk}/").content.decode()
    assert "Ni le fonds ni le comptage n’ont déplacé d’argent." in page


def test_the_account_of_the_patient_is_settled_and_leads_to_both(guichet: Guichet, vente, client: Client) -> None:
    """The receipt names its invoice: that claim is settled, whatever else is open."""
    tiers = guichet.patient.tiers
    assert solde(tiers.id, "XAF") == 0
    assert set(MouvementFinancier.objects.values_list("sens", "statut")) == {("debit", "payé"), ("credit", "payé")}
    client.force_login(make_user(guichet.tenant, "auditeur"))
    texte = client.get(f"/{guichet.tenant.slug}/tiers/{tiers.id}/").content.decode()
    assert f"/caisse/quittances/{vente.quittance.id}/" in texte
    assert f"/factures/{vente.facture.invoice_id}/" in texte
    page = client.get(f"/{guichet.tenant.slug}/factures/{vente.facture.invoice_id}/")
    assert vente.facture.numero_travail in page.content.decode()
    assert page.context["traces"][0].kind == "Mouvement"


def test_a_second_invoice_paid_first_leaves_the_first_open(guichet: Guichet, vente) -> None:
    ancienne, recente = (
        valider_facture(facture_id=make_facture(guichet, "CONS-GEN").id, acteur=guichet.comptable) for _ in range(2)
    )
    encaisser_facture(facture_id=recente.id, paiements=[especes(5000)], acteur=guichet.caissiere)
    statuts = dict(MouvementFinancier.objects.filter(sens="debit").values_list("reference_origine", "statut"))
    assert statuts[str(ancienne.invoice_id)] == "en_attente"
    assert statuts[str(recente.invoice_id)] == "payé"


@pytest.mark.parametrize("role", ["caissier", "comptable", "auditeur", "administrateur"])
def test_no_page_of_the_trail_leads_its_reader_to_a_closed_door(guichet: Guichet, vente, role: str, settings) -> None:
    """What a fact left is said to whoever reads its document; it is a link only where that person may open it."""
    settings.SECOND_FACTOR = "optional"
    qui = guichet.caissiere if role == "caissier" else make_user(guichet.tenant, role)
    personne = Personne(guichet.tenant, qui)
    [mouvement, *_] = MouvementFinancier.objects.all()
    pages = [
        personne.ouvrir("caisse:quittance", vente.quittance.pk),
        personne.ouvrir("caisse:facture", vente.facture.pk),
        personne.ouvrir("caisse:une_session", guichet.session.pk),
        personne.ouvrir("facturation:facture", vente.facture.invoice_id),
        personne.ouvrir("mouvements:compte", mouvement.tiers_id),
    ]
    lues = [page for page in pages if page.statut == 200]
    assert "Maillon de la chaîne" in lues[0].texte
    adresses = {a.get("href", "").partition("#")[0] for page in lues for a in page.trouver("a")}
    ici = {adresse for adresse in adresses if adresse.startswith(f"/{guichet.tenant.slug}/")}
    assert len(ici) > 5
    assert [adresse for adresse in sorted(ici) if personne.client.get(adresse, follow=True).status_code == 403] == []
