"""The accountant's queue: what it lists and totals, several acts at once, the second of two people; the correction."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture
from apps.facturation.models import Invoice
from apps.organisations.models import Membership, Role
from apps.organisations.tests.factories import make_acteur
from apps.socle.clock import local_date
from apps.socle.fields import uuid7

PRIX = ("CONS-GEN", 1, 3000)


def numeros(page: Page) -> list[str]:
    """The numbers that the list shows, in its order."""
    [tableau] = [t for t in page.arbre.iter("table") if t.get("data-parcours") is not None]
    return [a.text or "" for th in tableau.iter("th") if th.get("scope") == "row" for a in th.iter("a")]


def total(page: Page) -> str:
    return next(e.text or "" for e in page.arbre.iter("tfoot") for e in e.iter("span") if e.get("class") == "somme")


def lignes_du_csv(qui: Personne, nom: str, **query: str) -> list[dict[str, str]]:
    contenu = b"".join(qui.client.get(qui.adresse(nom), query)).decode()
    assert contenu.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(contenu.removeprefix("\ufeff")), delimiter=";"))


def cocher(page: Page, *factures: FactureCaisse) -> dict[str, object]:
    """What the list's form sends with these invoices ticked."""
    return {**page.formulaire(id="liste"), "facture": [str(facture.pk) for facture in factures]}


@pytest.fixture
def file(guichet: Guichet) -> list[FactureCaisse]:
    """Three invoices that wait for a person: 3,000, 6,000 and 9,000."""
    return [make_facture(guichet, ("CONS-GEN", n, 3000)) for n in (1, 2, 3)]


# The list ----------------------------------------------------------------------------------------


def test_each_tab_counts_and_lists_its_state(guichet: Guichet, comptable: Personne, file: list[FactureCaisse]) -> None:
    rejeter_facture(facture_id=file[0].id, commentaire="Prix", acteur=guichet.comptable)
    valider_facture(facture_id=file[1].id, acteur=guichet.comptable)
    payee = make_facture(guichet)
    encaisser_facture(facture_id=payee.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    for etat, facture, compte in (
        ("attente", file[2], 1),
        ("validees", file[1], 1),
        ("rejetees", file[0], 1),
        ("payees", payee, 1),
    ):
        facture.refresh_from_db()
        page = comptable.ouvrir("caisse:factures", etat=etat)
        attendu = facture.invoice.invoice_number if facture.invoice else facture.numero_travail
        assert numeros(page) == [attendu]
        assert f"Total, {compte} facture" in page.texte
    toutes = comptable.ouvrir("caisse:factures", etat="toutes")
    [onglets] = toutes.trouver("nav", class_="onglets")
    assert [" ".join(a.itertext()) for a in onglets.iter("a")] == [
        "En attente  1", "À encaisser  1", "Rejetées  1", "Payées  1", "Toutes  4",
    ]  # fmt: skip
    assert len(numeros(toutes)) == 4


def test_filters_narrow_the_list_its_tabs_its_total_and_its_file(
    guichet: Guichet, comptable: Personne, file: list[FactureCaisse]
) -> None:
    aujourdhui = local_date(guichet.tenant.time_zone)
    demain = f"{aujourdhui + timedelta(days=1):%d/%m/%Y}"
    for filtres, attendues in (
        ({"q": file[1].numero_travail}, file[1:2]),
        ({"q": "mbarga"}, file),
        ({"q": "personne"}, []),
        ({"du": f"{aujourdhui:%d/%m/%Y}", "au": f"{aujourdhui:%d/%m/%Y}"}, file),
        ({"du": demain}, []),
        ({"type": "CONSULTATION"}, file),
        ({"type": "IMAGERIE"}, []),
    ):
        page = comptable.ouvrir("caisse:factures", **filtres)
        montants = [Decimal(r["Montant"]) for r in lignes_du_csv(comptable, "caisse:exporter_factures", **filtres)]
        assert montants == [facture.montant for facture in attendues]
        if attendues:
            assert numeros(page) == [facture.numero_travail for facture in attendues]
            assert total(page).replace("\u202f", "") == str(int(sum(montants)))
        else:
            assert "Aucune facture ne répond à ces filtres" in page.texte


def test_the_total_covers_all_pages_and_equals_the_file(guichet: Guichet, comptable: Personne) -> None:
    for n in range(1, 28):
        make_facture(guichet, ("CONS-GEN", n, 1000))
    page = comptable.ouvrir("caisse:factures")
    assert len(numeros(page)) == 25
    assert "Total, 27 factures sur 2 pages" in page.texte
    assert total(page) == "378\u202f000"
    assert sum(Decimal(r["Montant"]) for r in lignes_du_csv(comptable, "caisse:exporter_factures")) == 378_000
    assert len(numeros(comptable.ouvrir("caisse:factures", page="2"))) == 2


def test_the_list_is_sorted_as_the_address_says(comptable: Personne, file: list[FactureCaisse]) -> None:
    croissant = [facture.numero_travail for facture in file]
    assert numeros(comptable.ouvrir("caisse:factures")) == croissant  # the oldest waits the longest
    for tri in ("montant", "numero", "date"):
        assert numeros(comptable.ouvrir("caisse:factures", tri=tri)) == croissant
        assert numeros(comptable.ouvrir("caisse:factures", tri=f"-{tri}")) == croissant[::-1]
    assert numeros(comptable.ouvrir("caisse:factures", tri="motif; drop table x")) == croissant


def test_a_row_opens_beside_the_list_with_why_it_waits(comptable: Personne, file: list[FactureCaisse]) -> None:
    page = comptable.ouvrir("caisse:factures", facture=file[1].pk)
    panneau = page.par_id("choisie")
    mots = " ".join("".join(panneau.itertext()).split())
    assert file[1].numero_travail in mots
    assert "prix hors tarif : Consultation générale" in mots
    assert "Créée" in mots
    assert "d-none" not in panneau.get("class")  # asked for: shown on a narrow screen too


@pytest.mark.parametrize(
    "filtres",
    [
        {"du": "hier"}, {"du": "31/12/9999"}, {"au": "31/12/9999"}, {"du": "01/01/0001"}, {"q": "x" * 10_000}, {"q": "a\x00b"},
        {"type": "RIEN"}, {"etat": "<script>"}, {"page": "-3"}, {"page": "9e9"}, {"facture": "x"}, {"tri": "--date"},
    ],
)  # fmt: skip
def test_an_address_that_means_nothing_is_answered(
    comptable: Personne, file: list[FactureCaisse], filtres: dict
) -> None:
    for nom in ("caisse:factures", "caisse:quittances"):
        page = comptable.ouvrir(nom, **filtres)
        assert page.statut == 200
        assert "<script>" not in page.html.replace("<script src", "")
    assert comptable.client.get(comptable.adresse("caisse:exporter_factures"), filtres).status_code == 200


def test_a_card_number_in_a_filter_is_not_shown_again(comptable: Personne, file: list[FactureCaisse]) -> None:
    for nom in ("caisse:factures", "caisse:quittances"):
        page = comptable.ouvrir(nom, q="4970101234567893")
        assert "4970101234567893" not in page.html
        assert "quatre derniers chiffres" in page.texte


# Several at once -----------------------------------------------------------------------------------------


def test_ticked_invoices_are_validated_together(comptable: Personne, file: list[FactureCaisse]) -> None:
    page = comptable.ouvrir("caisse:factures", tri="-montant", q="mbarga")
    fait = comptable.envoyer("caisse:traiter", donnees=cocher(page, *file[:2]) | {"faire": "valider"})
    assert "2 factures validées." in comptable.suivre(fait).refus
    assert sorted(FactureCaisse.objects.values_list("statut", flat=True)) == ["EN_ATTENTE", "VALIDEE", "VALIDEE"]
    assert Invoice.objects.count() == 2


def test_the_list_comes_back_as_it_was(comptable: Personne, file: list[FactureCaisse]) -> None:
    page = comptable.ouvrir("caisse:factures", tri="-montant", q="mbarga", facture=file[0].pk)
    [forme] = page.trouver("form", id="liste")
    reponse = comptable.client.post(forme.get("action"), cocher(page, file[0]) | {"faire": "valider"})
    assert reponse.headers["Location"].partition("?")[2] == "tri=-montant&q=mbarga"


def test_one_overtaken_by_somebody_else_stops_no_other(
    guichet: Guichet, comptable: Personne, file: list[FactureCaisse]
) -> None:
    page = comptable.ouvrir("caisse:factures")
    autre = make_acteur(guichet.tenant, "comptable", first_name="Paul", last_name="Essomba")
    valider_facture(facture_id=file[1].id, acteur=autre)
    bandes = comptable.suivre(
        comptable.envoyer("caisse:traiter", donnees=cocher(page, *file) | {"faire": "valider"})
    ).refus
    assert f"{file[1].numero_travail} : déjà validée par Paul Essomba à " in bandes
    assert "2 factures validées." in bandes
    assert Invoice.objects.count() == 3


def test_a_second_click_says_the_same_as_the_first(comptable: Personne, file: list[FactureCaisse]) -> None:
    page = comptable.ouvrir("caisse:factures")
    for faire, factures in (("valider", file[:1]), ("rejeter", file[1:])):
        envoi = cocher(page, *factures) | {"faire": faire, "commentaire": "Prix à revoir"}
        bandes = [comptable.suivre(comptable.envoyer("caisse:traiter", donnees=envoi)).refus for _clic in range(2)]
        assert bandes[0] == bandes[1]
        assert "déjà" not in bandes[1]
    assert Invoice.objects.count() == 1


def test_an_invoice_corrected_after_it_was_read_is_not_validated_unread(
    guichet: Guichet, comptable: Personne, file: list[FactureCaisse]
) -> None:
    page = comptable.ouvrir("caisse:factures", facture=file[0].pk)
    corriger_facture(facture_id=file[0].id, lignes=lignes(("CONS-GEN", 1, 100)), acteur=guichet.caissiere)
    bandes = comptable.suivre(
        comptable.envoyer("caisse:traiter", donnees=cocher(page, file[0]) | {"faire": "valider"})
    ).refus
    assert f"{file[0].numero_travail} a été corrigée depuis que vous l’avez lue : relisez-la." in bandes
    assert not Invoice.objects.exists()
    relue = comptable.ouvrir("caisse:factures")
    assert comptable.envoyer("caisse:traiter", donnees=cocher(relue, file[0]) | {"faire": "valider"}).statut == 302
    assert Invoice.objects.get().total_ttc == 100


def test_a_rejection_without_comment_is_refused_and_the_ticks_stay(
    comptable: Personne, file: list[FactureCaisse]
) -> None:
    page = comptable.ouvrir("caisse:factures")
    refusee = comptable.envoyer(
        "caisse:traiter", donnees=cocher(page, *file[:2]) | {"faire": "rejeter", "commentaire": "  "}
    )
    assert refusee.statut == 422
    assert refusee.erreur_de("commentaire") == SANS_MOTIF
    assert refusee.resume == [("#id_commentaire", "Motif, obligatoire pour un rejet")]
    cochees = [
        e.get("value")
        for e in refusee.trouver("input", name="facture", type="checkbox")
        if e.get("checked") is not None
    ]
    assert sorted(cochees) == sorted(str(facture.pk) for facture in file[:2])
    assert not FactureCaisse.objects.filter(statut="REJETEE").exists()
    assert comptable.ouvrir("caisse:traiter").vers.endswith("/caisse/factures/")  # F5 on that page


SANS_MOTIF = "Dites pourquoi : le caissier lira ce motif."


@pytest.mark.parametrize("vers", ["", "panneau"])
def test_a_refused_rejection_keeps_its_own_invoice_in_the_panel(
    comptable: Personne, file: list[FactureCaisse], vers: str
) -> None:
    voulue = file[2]  # not the first of the list, which the panel shows by itself
    envoi = {"vers": vers, "facture": str(voulue.pk), "faire": "rejeter", "commentaire": ""}
    refusee = comptable.envoyer("caisse:traiter", donnees=envoi)
    assert refusee.statut == 422
    assert voulue.numero_travail in "".join(refusee.par_id("choisie").itertext())
    [panneau] = [e.get("value") for e in refusee.trouver("input", name="facture", type="hidden")]
    assert panneau == str(voulue.pk)


@pytest.mark.parametrize("commentaire", ["", "x" * 1001])
@pytest.mark.parametrize(("vers", "champ", "ailleurs"), [("panneau", "panneau", "id"), ("", "id", "panneau")])
def test_a_wrong_motive_is_said_where_it_was_typed(
    comptable: Personne, file: list[FactureCaisse], vers: str, champ: str, ailleurs: str, commentaire: str
) -> None:
    """The list and the side panel have the same field: only the one that was sent is marked, kept and focused."""
    envoi = {"vers": vers, "facture": str(file[2].pk), "faire": "rejeter", "commentaire": commentaire}
    refusee = comptable.envoyer("caisse:traiter", donnees=envoi)
    fautif, autre = (refusee.par_id(f"{nom}_commentaire") for nom in (champ, ailleurs))
    assert (fautif.get("aria-invalid"), fautif.get("autofocus")) == ("true", "autofocus")
    assert (fautif.text or "").strip() == commentaire
    assert refusee.par_id(fautif.get("aria-describedby")) is not None
    assert (autre.get("aria-invalid"), autre.get("autofocus"), (autre.text or "").strip()) == (None, None, "")
    assert refusee.resume == [(f"#{champ}_commentaire", "Motif, obligatoire pour un rejet")]
    panneau = refusee.par_id("choisie")
    assert (refusee.par_id("erreurs") in list(panneau.iter())) is (vers == "panneau")
    cochees = [e for e in refusee.trouver("input", name="facture", type="checkbox") if e.get("checked") is not None]
    assert len(cochees) == (vers == "")


def test_a_wrong_motive_on_an_invoice_s_own_page_is_said_there(comptable: Personne, file: list[FactureCaisse]) -> None:
    envoi = {"vers": "fiche", "facture": str(file[2].pk), "faire": "rejeter", "commentaire": " "}
    refusee = comptable.envoyer("caisse:traiter", donnees=envoi)
    assert refusee.statut == 422
    assert refusee.erreur_de("commentaire") == SANS_MOTIF
    assert refusee.par_id("liste") is None
    assert f"Facture {file[2].numero_travail}" in refusee.texte


@pytest.mark.parametrize("vers", ["panneau", "fiche"])
def test_a_wrong_motive_for_an_invoice_of_nobody_is_not_found(comptable: Personne, vers: str) -> None:
    envoi = {"vers": vers, "facture": str(uuid7()), "faire": "rejeter", "commentaire": ""}
    assert comptable.envoyer("caisse:traiter", donnees=envoi).statut == 404


def test_a_comment_with_a_card_number_is_not_kept(comptable: Personne, file: list[FactureCaisse]) -> None:
    envoi = {"facture": str(file[0].pk), "faire": "rejeter", "commentaire": "voir 4970 1012 3456 7893"}
    refusee = comptable.envoyer("caisse:traiter", donnees=envoi)
    assert refusee.statut == 422
    assert "4970 1012" not in refusee.html


def test_a_comment_of_ten_thousand_characters_is_refused(comptable: Personne, file: list[FactureCaisse]) -> None:
    envoi = {"facture": str(file[0].pk), "faire": "rejeter", "commentaire": "x" * 10_000}
    assert comptable.envoyer("caisse:traiter", donnees=envoi).statut == 422


def test_nothing_ticked_is_said(comptable: Personne, file: list[FactureCaisse]) -> None:
    for envoi in ({"faire": "valider"}, {"faire": "rejeter"}, {"faire": "valider", "facture": ["x", ""]}):
        assert (
            "Cochez au moins une facture." in comptable.suivre(comptable.envoyer("caisse:traiter", donnees=envoi)).refus
        )


def test_one_s_own_invoice_offers_no_decision_and_is_refused(guichet: Guichet, comptable: Personne) -> None:
    tenante = make_acteur(guichet.tenant, "caissier")
    sienne = make_facture(guichet, PRIX, acteur=tenante)
    Membership.objects.filter(user=tenante.id).update(role=Role.objects.get(name="comptable"))
    elle = Personne(guichet.tenant, tenante)
    page = elle.ouvrir("caisse:factures")
    assert not page.trouver("input", name="facture", type="checkbox")
    assert not elle.ouvrir("caisse:facture", sienne.pk).trouver("button", value="valider")
    envoi = {"facture": str(sienne.pk), "faire": "valider", "cle_idempotence": "k"}
    bandes = elle.suivre(elle.envoyer("caisse:traiter", donnees=envoi)).refus
    assert "validée." not in bandes
    assert "Qui émet ne valide pas" in bandes
    sienne.refresh_from_db()
    assert sienne.statut == "EN_ATTENTE"


def test_a_decision_on_the_invoice_s_own_page_comes_back_there(comptable: Personne, file: list[FactureCaisse]) -> None:
    page = comptable.ouvrir("caisse:facture", file[0].pk)
    [forme] = [f for f in page.arbre.iter("form") if f.get("action", "").endswith("/traiter/")]
    envoi = dict(page.formulaire(action=forme.get("action"))) | {"faire": "valider"}
    fait = Page(comptable.client.post(forme.get("action"), envoi))
    assert fait.vers.endswith(f"/caisse/factures/{file[0].pk}/")
    assert "1 facture validée." in comptable.suivre(fait).refus


def test_no_address_sent_along_leads_away(comptable: Personne, file: list[FactureCaisse]) -> None:
    envoi = {
        "faire": "valider",
        "retour_interne": "https://ailleurs.example/",
        "next": "//ailleurs.example",
        "vers": "//x",
    }
    assert comptable.envoyer("caisse:traiter", donnees=envoi).vers == comptable.adresse("caisse:factures")


# Corrected and back ---------------------------------------------------------------------------------------


def test_a_rejected_invoice_is_corrected_and_comes_back(
    guichet: Guichet, caissiere: Personne, comptable: Personne, file: list[FactureCaisse]
) -> None:
    rejeter_facture(facture_id=file[0].id, commentaire="Le tarif est 5 000", acteur=guichet.comptable)
    fiche = caissiere.ouvrir("caisse:facture", file[0].pk)
    assert "Le tarif est 5 000" in fiche.refus
    page = caissiere.ouvrir("caisse:corriger", file[0].pk)
    assert page.valeur("lignes-0-prix") == "3\u202f000"
    page = caissiere.presser(page, "recalculer", lignes_0_prix="", ajout="LB-NFS")
    assert "Total de 2 lignes 9 500" in page.texte
    fait = caissiere.presser(page, "soumettre")
    assert "attend de nouveau la validation" in caissiere.suivre(fait).refus
    facture = FactureCaisse.objects.get(pk=file[0].pk)
    assert (facture.statut, facture.montant, facture.deja_rejetee) == ("EN_ATTENTE", 9500, True)
    vue = comptable.ouvrir("caisse:facture", facture.pk)
    assert "elle a déjà été rejetée" in vue.texte
    assert [b.text for b in vue.arbre.iter("b") if b.text in {"Créée", "Rejetée", "Corrigée"}] == [
        "Créée",
        "Rejetée",
        "Corrigée",
    ]


def test_a_correction_that_cannot_be_keeps_what_was_typed(
    guichet: Guichet, caissiere: Personne, file: list[FactureCaisse]
) -> None:
    page = caissiere.ouvrir("caisse:corriger", file[0].pk)
    refusee = caissiere.presser(page, "soumettre", lignes_0_quantite="0")
    assert refusee.statut == 422
    assert "supérieure à zéro" in refusee.erreur_de("lignes-0-quantite")
    vide = caissiere.presser(caissiere.presser(page, "retirer-ligne:0"), "soumettre")
    assert vide.erreur_de("ajout") == "Ajoutez au moins un acte ou un produit."
    assert FactureCaisse.objects.get(pk=file[0].pk).montant == 3000


def test_the_correction_is_priced_at_the_day_of_the_invoice(guichet: Guichet, caissiere: Personne) -> None:
    """A tariff that begins after the invoice's day prices neither the screen nor the correction."""
    from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
    from apps.comptabilite.tests.caisse.factories import REPRISE
    from apps.hospital.services import enregistrer_tarif
    from apps.socle.clock import now

    facture = facturer_patient(
        patient_id=guichet.patient.id, lignes=lignes("LB-GE"), acteur=REPRISE, caissier_id=guichet.caissiere.id,
        le=now() - timedelta(days=3),
    )  # fmt: skip
    enregistrer_tarif(
        code="CONS-GEN", nom="Consultation générale", type_recette="CONSULTATION", montant=Decimal(7000),
        valide_du=local_date(guichet.tenant.time_zone) - timedelta(days=1), acteur=REPRISE,
    )  # fmt: skip
    page = caissiere.presser(caissiere.ouvrir("caisse:corriger", facture.pk), "recalculer", ajout="CONS-GEN")
    assert "Total de 2 lignes 7 000" in page.texte  # 2,000 and the 5,000 of that day
    assert caissiere.presser(page, "soumettre").statut == 302
    facture.refresh_from_db()
    assert facture.montant == 7000


def test_nobody_but_its_cashier_corrects_and_nothing_issued_is(
    guichet: Guichet, caissiere: Personne, file: list[FactureCaisse]
) -> None:
    collegue = Personne(guichet.tenant, make_acteur(guichet.tenant, "caissier"))
    page = collegue.ouvrir("caisse:corriger", file[0].pk)
    assert "Seul le caissier qui a établi la facture la corrige." in collegue.suivre(page).refus
    formulaire = caissiere.ouvrir("caisse:corriger", file[0].pk)
    valider_facture(facture_id=file[0].id, acteur=guichet.comptable)
    tard = caissiere.presser(formulaire, "soumettre")
    assert "ne se corrige plus : elle est « Validée »" in caissiere.suivre(tard).refus
