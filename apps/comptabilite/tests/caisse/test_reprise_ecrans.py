"""A paper till taken over from the screen: handed over, previewed by a worker, started, watched, reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.comptabilite.caisse import tasks
from apps.comptabilite.caisse.models import (
    FactureCaisse,
    FichierReprise,
    LigneReprise,
    Quittance,
    RefusReprise,
    RepriseCaisse,
)
from apps.comptabilite.caisse.reprise import ecriture, travail
from apps.comptabilite.caisse.reprise.execution import Contenus, seul
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.papier import (
    MAINTENANT,
    encaissement,
    fichiers,
    hopital,
    papier,
    recette,
    reprendre,
)
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_user
from apps.socle.fields import uuid7
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

CARTE = "4970101234567890"


@pytest.fixture(autouse=True)
def le_20_novembre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MAINTENANT)


@pytest.fixture
def hote(db: None) -> Iterator[Tenant]:
    tenant = hopital()
    with scope(tenant.id):
        yield tenant


@pytest.fixture
def jean(hote: Tenant, settings: Any) -> Personne:
    """An accountant, signed in; the second factor has tests of its own."""
    settings.SECOND_FACTOR = "optional"
    return Personne(hote, make_user(hote, "comptable"))


@pytest.fixture
def ouvrier(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Callable[[], int]:
    """A worker: what was handed to it since is done when it is called, and counted."""
    confies: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.conduire_reprise, "delay", lambda *arguments: confies.append(arguments))
    monkeypatch.setattr(tasks.transaction, "on_commit", lambda faire, robust: faire())

    def travailler() -> int:
        nombre = len(confies)
        while confies:
            tasks.conduire_reprise(*confies.pop(0))
        return nombre

    return travailler


def deposer(qui: Personne, contenus: Contenus, noms: tuple[str, str] = ("recettes.csv", "encaissements.csv")) -> Page:
    envoi = {
        champ: SimpleUploadedFile(nom, contenu, content_type="text/csv")
        for champ, nom, contenu in zip(("recettes", "encaissements"), noms, contenus, strict=True)
    }
    return qui.envoyer("caisse:reprises", donnees=envoi)


def test_from_two_files_to_the_books_and_the_report(hote: Tenant, jean: Personne, ouvrier: Callable[[], int]) -> None:
    with scope(hote.id):
        reprendre(
            hote,
            papier(
                [recette("P2610-00001", code_acte="PH-PARA", prix_unitaire=750, quantite=3, type_recette="PHARMACIE")],
                [],
            ),
        )
    page = jean.suivre(deposer(jean, fichiers("recettes-fautives.csv", "encaissements-fautifs.csv")))
    assert "Contrôle en cours" in page.texte
    assert page.trouver("meta", http_equiv="refresh"), "without a script the page asks again by itself"
    assert ouvrier() == 1
    reprise = RepriseCaisse.objects.latest("pk")
    page = jean.ouvrir("caisse:reprise", reprise.pk)
    assert "Aperçu : rien n’est écrit. 3 passages seraient repris" in page.texte
    assert "amina.caisse" not in page.texte, "she is known by now"
    assert FactureCaisse.objects.count() == 1
    jean.suivre(jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"}))
    assert ouvrier() == 1
    page = jean.ouvrir("caisse:reprise", reprise.pk)
    assert "Terminée" in page.texte
    assert "19 lignes refusées" in page.texte
    assert "reprise, sans comptage" in page.texte
    assert FactureCaisse.objects.count() == 4
    assert not FichierReprise.objects.exists(), "what the files said is not kept once it is in the books"
    etapes = AuditTrail.objects.filter(model_id=reprise.pk).order_by("id").values_list("action", "acteur_kind")
    assert list(etapes) == [("reprise_deposee", "user"), ("reprise_lancee", "user"), ("reprise_terminee", "takeover")]


def test_the_report_is_the_page_s_and_no_spreadsheet_runs_it(hote: Tenant, jean: Personne) -> None:
    mauvaise = recette("=1+1", prix_unitaire="=cmd|'/c calc'!A1", montant=0)
    reprise = reprendre(hote, papier([mauvaise, recette("P2", libelle='"=HYPERLINK(""http://x"")"')], []))
    reponse = jean.client.get(jean.adresse("caisse:rapport_reprise", reprise.pk))
    [entete, rangee] = list(csv.reader(io.StringIO(b"".join(reponse).decode("utf-8-sig")), delimiter=";"))
    assert entete == ["Fichier", "Ligne", "Issue", "Reçu papier", "Colonne", "Valeur", "Motif"]
    assert rangee[:6] == ["recettes.csv", "2", "Refusée", "'=1+1", "prix_unitaire", "'=cmd|'/c calc'!A1"]
    export = b"".join(jean.client.get(jean.adresse("caisse:exporter_factures"))).decode()
    assert ";=" not in export


def test_markup_is_shown_as_it_is_written(hote: Tenant, jean: Personne) -> None:
    balise = "<script>alert(1)</script>"
    lignes = [recette("P1", patient_prenom=balise, libelle="<b>gras</b>"), recette(balise, quantite=-1)]
    reprise = reprendre(hote, papier(lignes, [encaissement("P1")]))
    facture, quittance = FactureCaisse.objects.get(), Quittance.objects.get()
    pages = [
        jean.ouvrir("caisse:reprise", reprise.pk),
        jean.ouvrir("caisse:facture", facture.pk),
        jean.ouvrir("facturation:facture", facture.invoice_id),
        jean.ouvrir("caisse:quittance", quittance.pk),
        jean.ouvrir("hospital:patient", facture.session.patient_id),
    ]
    for page in pages:
        assert balise in page.texte
        assert balise not in page.html
    assert "Encaissements, ligne 2" in pages[1].texte, "an invoice leads to the rows of its paper"
    caissier = Personne(hote, make_user(hote, "caissier"))
    assert "Ce que dit le papier" not in caissier.ouvrir("caisse:facture", facture.pk).texte


def test_a_card_number_is_kept_nowhere(hote: Tenant, jean: Personne, ouvrier: Callable[[], int], caplog: Any) -> None:
    carte = encaissement(mode_paiement="CARTE", reference="TPE1", detail="TERM-1", payeur=CARTE)
    deposer(jean, papier([recette()], [carte]), noms=(f"{CARTE}.csv", "encaissements.csv"))
    reprise = RepriseCaisse.objects.get()
    ouvrier()
    page = jean.ouvrir("caisse:reprise", reprise.pk)
    contenus = b"".join(bytes(x.contenu) for x in FichierReprise.objects.all())
    rangees = [
        *RefusReprise.objects.values_list(),
        *RepriseCaisse.objects.values_list(),
        *AuditTrail.objects.values_list(),
    ]
    for texte in (page.html, contenus.decode(), repr(rangees), caplog.text):
        assert CARTE not in texte
        assert CARTE[:12] not in texte
    assert RefusReprise.objects.get().valeur == "[masqué]"


@pytest.mark.parametrize(
    ("recettes", "dit"),
    [
        (b"", "vide"),
        (b"PK\x03\x04", "Excel"),
        (b"recu_papier;date_heure\nP1;x", "colonnes absentes : caisse"),
        ("é".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(jean: Personne, recettes: bytes, dit: str) -> None:
    page = deposer(jean, (recettes, papier([], [])[1]))
    assert page.statut == 422
    assert dit in page.erreur_de("recettes")
    assert "Choisissez de nouveau chaque fichier, le navigateur n’en garde aucun" in page.texte
    assert "votre saisie est gardée" not in page.texte
    assert not RepriseCaisse.objects.exists()


def test_a_file_too_large_is_refused_before_it_is_read(jean: Personne) -> None:
    page = deposer(jean, (b"x" * (20 * 2**20 + 1), papier([], [])[1]))
    assert page.statut == 422
    assert "20 Mo" in page.erreur_de("recettes")


def test_two_clicks_are_one_takeover_and_a_second_start_says_so(jean: Personne, ouvrier: Callable[[], int]) -> None:
    contenus = papier([recette()], [encaissement()])
    assert deposer(jean, contenus).vers == deposer(jean, contenus).vers
    reprise = RepriseCaisse.objects.get()
    ouvrier()
    for _clic in range(2):
        page = jean.suivre(jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"}))
    assert "Cette étape n’est plus possible" in page.refus
    ouvrier()
    assert FactureCaisse.objects.count() == 1


def test_what_runs_is_asked_for_by_itself_until_its_state_changes(hote: Tenant, jean: Personne) -> None:
    deposer(jean, papier([recette()], []))
    reprise = RepriseCaisse.objects.get()
    travail.conduire(hote.id, reprise.pk)
    jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"})
    debut = MAINTENANT - timedelta(seconds=2)
    RepriseCaisse.objects.filter(pk=reprise.pk).update(faits=500, total=3000, seance_debut=debut, battement=MAINTENANT)
    adresse = jean.adresse("caisse:reprise", reprise.pk)
    fragment = Page(jean.client.get(adresse, {"etat": "EN_COURS"}, headers={"HX-Request": "true"}))
    assert "500 passages repris sur 3 000" in fragment.texte
    RepriseCaisse.objects.filter(pk=reprise.pk).update(faits=0)
    assert "0 passage repris sur 3 000" in jean.ouvrir("caisse:reprise", reprise.pk).texte
    assert "250 par seconde, reste 10 s" in fragment.texte
    assert not fragment.trouver("h1")
    change = jean.client.get(adresse, {"etat": "DEPOSEE"}, headers={"HX-Request": "true"})
    assert change.headers["HX-Refresh"] == "true"


def test_a_stopped_one_says_how_far_it_came_and_what_stays(jean: Personne, ouvrier: Callable[[], int]) -> None:
    deposer(jean, papier([recette(f"P{n}") for n in range(3)], []))
    ouvrier()
    reprise = RepriseCaisse.objects.get()
    assert "Ce qui serait repris" in jean.ouvrir("caisse:reprise", reprise.pk).texte
    jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"})
    jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "arreter"})
    RepriseCaisse.objects.filter(pk=reprise.pk).update(faits=1250, total=3298)
    page = jean.ouvrir("caisse:reprise", reprise.pk)
    assert "Arrêtée à 1 250 passages sur 3 298. Ce qui est repris est dans les livres et y reste" in page.texte
    assert "Ce qui est prévu, tout compris" in page.texte
    assert "Ce qui serait repris" not in page.texte


def test_the_report_cuts_a_column_s_name_after_its_underscore_only(hote: Tenant, jean: Personne) -> None:
    reprise = reprendre(hote, papier([recette("P1", prix_unitaire="douze", montant=0)], []))
    cellule = jean.ouvrir("caisse:reprise", reprise.pk).html.partition('<td class="mot-entier">')[2]
    assert cellule.startswith("prix_<wbr>unitaire<")


def test_an_auditor_reads_and_starts_nothing(hote: Tenant, jean: Personne, ouvrier: Callable[[], int]) -> None:
    deposer(jean, papier([recette()], []))
    reprise = RepriseCaisse.objects.get()
    ouvrier()
    fanta = Personne(hote, make_acteur(hote, "auditeur"))
    page = fanta.ouvrir("caisse:reprise", reprise.pk)
    assert not page.trouver("button", name="faire")
    assert not fanta.ouvrir("caisse:reprises").trouver("input", type="file")
    assert deposer(fanta, papier([recette()], [])).statut == 403
    assert fanta.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"}).statut == 403


def test_given_up_it_keeps_nothing_of_the_files(jean: Personne, ouvrier: Callable[[], int]) -> None:
    deposer(jean, papier([recette()], []))
    reprise = RepriseCaisse.objects.get()
    ouvrier()
    page = jean.suivre(jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "abandonner"}))
    assert "Abandonnée" in page.texte
    assert not FichierReprise.objects.exists()
    assert not page.trouver("button", name="faire")


# Workers -----------------------------------------------------------------------------------


def lancee(jean: Personne, ouvrier: Callable[[], int], recus: int = 3) -> RepriseCaisse:
    """A takeover that a person has started and no worker has taken up."""
    deposer(jean, papier([recette(f"P{n}") for n in range(recus)], []))
    ouvrier()
    reprise = RepriseCaisse.objects.get()
    jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"})
    return reprise


def test_a_worker_that_died_is_replaced_by_the_next_minute(
    hote: Tenant, jean: Personne, ouvrier: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reprise = lancee(jean, ouvrier)
    monkeypatch.setattr("apps.comptabilite.caisse.reprise.execution.LOT", 1)
    facturer, appels = ecriture.facturer_patient, []

    def mourir(**demande: object) -> object:
        appels.append(1)
        if len(appels) == 2:
            raise SystemExit("tué")
        return facturer(**demande)

    with monkeypatch.context() as mort:
        mort.setattr(ecriture, "facturer_patient", mourir)
        with pytest.raises(SystemExit):
            ouvrier()
    assert FactureCaisse.objects.count() == 1
    assert tasks.relancer_reprises() == 0, "it spoke less than a minute ago"
    monkeypatch.setattr(timezone, "now", lambda: MAINTENANT + timedelta(minutes=2))
    assert tasks.relancer_reprises() == 1
    assert ouvrier() == 1
    reprise.refresh_from_db()
    assert (reprise.statut, FactureCaisse.objects.count(), LigneReprise.objects.count()) == ("TERMINEE", 3, 3)
    assert tasks.relancer_reprises() == 0


def test_what_fails_three_times_stops_and_waits_for_a_person(
    jean: Personne, ouvrier: Callable[[], int], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    reprise = lancee(jean, ouvrier, 1)
    with monkeypatch.context() as panne:
        panne.setattr(travail, "executer", lambda *arguments: 1 / 0)
        for _essai in range(3):
            tasks.conduire_reprise(str(reprise.tenant_id), str(reprise.pk))
    ouvrier()
    page = jean.ouvrir("caisse:reprise", reprise.pk)
    assert "Erreur interne (ZeroDivisionError), trois fois de suite" in page.refus
    assert "takeover" in caplog.text
    jean.envoyer("caisse:conduire_reprise", reprise.pk, donnees={"faire": "lancer"})
    assert ouvrier() == 1
    reprise.refresh_from_db()
    assert (reprise.statut, reprise.erreur) == ("TERMINEE", "")


def test_nothing_is_done_for_a_house_or_a_takeover_that_is_not_there(
    hote: Tenant, jean: Personne, ouvrier: Any
) -> None:
    reprise = lancee(jean, ouvrier, 1)
    travail.conduire(hote.id, hote.id)
    travail.conduire(uuid7(), reprise.pk)
    assert not FactureCaisse.objects.exists()
    for _fois in range(2):
        travail.conduire(hote.id, reprise.pk)
    assert FactureCaisse.objects.count() == 1


def test_one_run_at_a_time_a_house(hote: Tenant, jean: Personne, ouvrier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reprise = lancee(jean, ouvrier, 1)
    monkeypatch.setattr("apps.comptabilite.caisse.reprise.execution._verrou", lambda fonction, cle: False)
    travail.conduire(hote.id, reprise.pk)
    assert not FactureCaisse.objects.exists()
    with pytest.raises(Exception, match="déjà en cours"), seul(hote.id, 0.1):
        pass
