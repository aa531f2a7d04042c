"""A paper till taken over: to the franc, through the services, once whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.comptabilite.caisse.choices import StatutReprise
from apps.comptabilite.caisse.models import (
    Caisse,
    FactureCaisse,
    LigneFactureCaisse,
    LigneReprise,
    PaiementQuittance,
    Quittance,
    RepriseCaisse,
    SessionCaisse,
)
from apps.comptabilite.caisse.reprise import ecriture
from apps.comptabilite.caisse.reprise.ecriture import Arretee
from apps.comptabilite.caisse.reprise.execution import REPRISE, examiner, executer, lire_contenus
from apps.comptabilite.caisse.reprise.fichiers import FichierRefuse
from apps.comptabilite.caisse.saisies import LigneSaisie
from apps.comptabilite.caisse.selectors import caisses_libres, session_ouverte, solde_de_caisse
from apps.comptabilite.caisse.services.conduire_reprise import arreter_reprise, lancer_reprise
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture, Periode
from apps.comptabilite.grand_livre.services.fermer_periode import fermer_periode
from apps.comptabilite.tests.caisse.papier import (
    DOUALA,
    MAINTENANT,
    deposer,
    encaissement,
    fichiers,
    hopital,
    mobile,
    papier,
    premiers_recus,
    rapport,
    recette,
    reprendre,
)
from apps.facturation.models import Invoice, InvoiceLine
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.verify_chain import verify_chain
from apps.hospital.models import HospitalActTarif, Patient
from apps.mouvements.models import SoldeTiers
from apps.organisations.models import Membership, Tenant, User
from apps.organisations.tests.factories import make_acteur
from apps.socle.errors import BusinessError, NotAllowed
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import scope
from apps.socle.unit_of_work import insert_later

D = Decimal
DOCUMENTS = (FactureCaisse, Invoice, Quittance, Fait, Ecriture, FiscalEntry, Patient, SessionCaisse, User, LigneReprise)


@pytest.fixture(autouse=True)
def le_20_novembre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MAINTENANT)


@pytest.fixture
def hote(db: None) -> Iterator[Tenant]:
    """A hospital that has nothing but its books, in scope."""
    tenant = hopital()
    with scope(tenant.id):
        yield tenant


def comptes() -> list[int]:
    return [modele.objects.count() for modele in DOCUMENTS]


# To the franc -----------------------------------------------------------------------------


def test_the_first_receipts_of_the_month_come_to_the_franc_and_the_books_follow(hote: Tenant) -> None:
    contenus = premiers_recus()
    reprise = reprendre(hote, contenus)
    lecture = lire_contenus(hote, contenus)
    facture = sum(x.montant for groupe in lecture.recettes.values() for x in groupe)
    paye = sum(x.montant for groupe in lecture.encaissements.values() for x in groupe)
    assert (reprise.statut, reprise.faits, reprise.total) == ("TERMINEE", 20, 20)
    assert (D(reprise.bilan["facture"]), D(reprise.bilan["encaisse"])) == (facture, paye)
    assert InvoiceLine.objects.aggregate(s=Sum("total_ttc"))["s"] == facture
    assert Quittance.objects.aggregate(s=Sum("montant_paye"))["s"] == paye
    assert SoldeTiers.objects.aggregate(s=Sum("montant_actuel"))["s"] == facture - paye
    assert not ImputationEnAttente.objects.exists()
    lignes = LigneEcriture.objects.aggregate(d=Sum("montant_debit"), c=Sum("montant_credit"))
    assert lignes["d"] == lignes["c"] == facture + paye
    assert FiscalEntry.objects.count() == Fait.objects.count()
    assert verify_chain().holds


def test_everything_carries_the_takeover_actor_and_the_paper_s_dates(hote: Tenant) -> None:
    reprendre(hote, papier([recette()], [encaissement()]))
    facture = FactureCaisse.objects.get()
    assert set(facture.historique.values_list("acteur_type", "acteur_libelle")) == {
        ("takeover", "Reprise : caisse papier")
    }
    assert (facture.motif, facture.caissier.username) == ("Reçu papier P1", f"amina.caisse@{hote.slug}")
    assert facture.invoice.issue_date == date(2026, 10, 1)
    quittance = Quittance.objects.get()
    assert quittance.date_paiement.astimezone(DOUALA).isoformat() == "2026-10-01T08:56:00+01:00"
    assert set(Ecriture.objects.values_list("date_ecriture", "auteur_type")) == {(date(2026, 10, 1), "takeover")}
    maillons = FiscalEntry.objects.order_by("sequence_number")
    assert {x.fiscal_date for x in maillons} == {MAINTENANT.date()}, "a link is dated on the day of its chaining"
    assert {x.data_snapshot["document_date"] for x in maillons} == {"2026-10-01"}, "and its document says the paper's"
    assert {x.actor_type for x in maillons} == {"takeover"}


def test_tills_and_cashiers_that_lack_are_made_and_cashiers_cannot_sign_in(hote: Tenant) -> None:
    reprendre(
        hote,
        papier([recette(caisse="c7", caissier="Rose.Caisse")], [encaissement(caisse="C7", caissier="rose.caisse")]),
    )
    rose = User.objects.get(username=f"rose.caisse@{hote.slug}")
    assert (rose.is_active, rose.has_usable_password(), rose.full_name) == (False, False, "Rose Caisse")
    assert Membership.objects.get(user=rose).role.name == "caissier"
    caisse = Caisse.objects.get(code="C7")
    compte = LigneEcriture.objects.get(compte__numero__startswith="571", montant_debit=5000).compte
    assert (Quittance.objects.get().session_caisse.caisse, compte.libelle) == (caisse, "Caisse C7")


def test_a_session_is_one_a_cashier_and_day_without_float_or_count(hote: Tenant) -> None:
    lignes = [recette("P1"), recette("P2", date_heure="2026-10-01T11:00"), recette("P3", date_heure="2026-10-02T09:00")]
    paiements = [
        encaissement("P1"),
        encaissement("P2", date_heure="2026-10-01T11:02"),
        encaissement("P3", date_heure="2026-10-02T09:05"),
    ]
    reprise = reprendre(hote, papier(lignes, paiements))
    premiere, seconde = SessionCaisse.objects.order_by("ouverte_le")
    assert (premiere.reprise, premiere.statut, premiere.sans_comptage) == (reprise, "FERMEE", True)
    assert (premiere.fonds, premiere.attendu, premiere.compte, premiere.ecart) == (0, 10_000, None, None)
    ouverte, fermee = (x.astimezone(DOUALA) for x in (premiere.ouverte_le, premiere.fermee_le))
    assert (f"{ouverte:%d %H:%M}", f"{fermee:%d %H:%M}") == ("01 08:56", "01 11:02")
    assert seconde.ouverte_le.astimezone(DOUALA).date() == date(2026, 10, 2)
    assert not Fait.objects.filter(type__endswith="_de_caisse").exists(), "nobody knows what lay in the drawer"


def test_the_living_go_on_at_their_counter_while_the_paper_is_taken_over(hote: Tenant) -> None:
    amina = make_acteur(hote, "caissier", username="amina.caisse")
    c1 = Caisse.objects.get(code="C1")
    sienne = ouvrir_session_caisse(caisse_id=c1.id, fonds=D(50_000), acteur=amina)
    reprendre(hote, papier([recette()], [encaissement()]))
    assert session_ouverte(amina.id) == sienne
    assert solde_de_caisse(c1.id) == 0, "a session that nobody counted says nothing of the drawer"
    assert Quittance.objects.get().session_caisse != sienne
    assert c1 not in caisses_libres()


def test_payments_of_one_day_are_one_receipt_and_of_two_days_two(hote: Tenant) -> None:
    lignes = [
        recette("P1", quantite=3),
        recette("P1", code_acte="AU-CARN", type_recette="AUTRE", libelle="Carnet", prix_unitaire=500),
    ]
    paiements = [
        encaissement("P1", 4000),
        mobile("P1", 2500, date_heure="2026-10-01T17:00"),
        encaissement("P1", 6000, date_heure="2026-10-05T10:00", caisse="C2", caissier="paul.caisse"),
    ]
    reprise = reprendre(hote, papier(lignes, paiements))
    assert rapport(reprise) == []
    facture = FactureCaisse.objects.get()
    premiere, seconde = facture.quittances.order_by("date_paiement")
    assert [x.montant for x in premiere.paiements.order_by("ordre")] == [4000, 2500]
    assert (seconde.montant_paye, seconde.session_caisse.caisse.code) == (6000, "C2")
    assert (facture.statut, facture.invoice.balance_due) == ("VALIDEE", 3000)
    assert reprise.bilan["par_jour"] == {"2026-10-01": "6500", "2026-10-05": "6000"}


def test_a_receipt_of_nothing_or_paid_nothing_is_invoiced_without_a_till(hote: Tenant) -> None:
    reprise = reprendre(
        hote,
        papier([recette("P1", code_acte="LB-VIH", type_recette="LABORATOIRE", prix_unitaire=0), recette("P2")], []),
    )
    assert dict(FactureCaisse.objects.values_list("motif", "statut")) == {
        "Reçu papier P1": "PAYEE",
        "Reçu papier P2": "VALIDEE",
    }
    assert not SessionCaisse.objects.exists()
    assert reprise.bilan["recus"] == 2


def test_the_paper_s_price_label_and_type_stand_beside_the_tariff(hote: Tenant) -> None:
    reprendre(
        hote,
        papier([recette("P1"), recette("P2"), recette("P3", prix_unitaire=4000, libelle="Consultation, suite")], []),
    )
    [tarif] = HospitalActTarif.objects.all()
    assert (tarif.code, tarif.nom, tarif.montant, tarif.valide_du) == (
        "CONS-GEN", "Consultation générale", 5000, date(2026, 10, 1),
    )  # fmt: skip
    ligne = LigneFactureCaisse.objects.get(facture__motif="Reçu papier P3")
    assert (ligne.libelle, ligne.prix_unitaire, ligne.prix_tarif) == ("Consultation, suite", 4000, 5000)


# Refused, signalled, done already ---------------------------------------------------------------


def test_the_faulty_files_do_what_their_readme_says(hote: Tenant) -> None:
    reprendre(hote, premiers_recus("P2610-00001"))
    avant = comptes()
    reprise = reprendre(hote, fichiers("recettes-fautives.csv", "encaissements-fautifs.csv"))
    assert rapport(reprise) == [
        ("RECETTES", 2, "quantite", "quantity-invalid"),
        ("RECETTES", 3, "prix_unitaire", "number-unreadable"),
        ("RECETTES", 4, "prix_unitaire", "amount-too-fine"),
        ("RECETTES", 5, "type_recette", "revenue-unknown"),
        ("RECETTES", 6, "date_heure", "date-impossible"),
        ("RECETTES", 7, "date_heure", "date-in-the-future"),
        ("RECETTES", 8, "patient_nom", "name-missing"),
        ("RECETTES", 9, "montant", "amount-does-not-add-up"),
        ("RECETTES", 11, "recu_papier", "already-taken-over"),
        ("RECETTES", 12, "patient_nom", "row-malformed"),
        ("RECETTES", 13, "prix_unitaire", "amount-too-large"),
        ("RECETTES", 14, "libelle", "too-long"),
        ("RECETTES", 15, "patient_prenom", "patient-name-differs"),
        ("ENCAISSEMENTS", 2, "recu_papier", "receipt-unknown"),
        ("ENCAISSEMENTS", 3, "mode_paiement", "unknown-means"),
        ("ENCAISSEMENTS", 4, "montant", "payment-exceeds-invoice"),
        ("ENCAISSEMENTS", 5, "reference", "reference-required"),
        ("ENCAISSEMENTS", 6, "reference", "reference-repeated"),
        ("ENCAISSEMENTS", 7, "detail", "unknown-operator"),
        ("ENCAISSEMENTS", 8, "payeur", "card-number-refused"),
        ("ENCAISSEMENTS", 9, "montant", "amount-required"),
    ]
    assert [n - a for n, a in zip(comptes(), avant, strict=True)] == [3, 3, 1, 4, 4, 4, 0, 1, 0, 4]
    assert FactureCaisse.objects.get(motif="Reçu papier F-015").statut == "PAYEE"
    formule = InvoiceLine.objects.get(invoice__facture_caisse__motif="Reçu papier F-009")
    assert formule.description == '=HYPERLINK("http://x")'
    balise = LigneReprise.objects.get(recu="F-014")
    assert balise.donnees["patient_prenom"] == "<script>alert(1)</script>"
    assert "Gaël" in reprise.refus.get(recu="F-014").motif
    assert "Déjà repris : FAC-2026-00001" in reprise.refus.get(ligne=11).motif


def test_the_faulty_files_alone_take_their_good_rows(hote: Tenant) -> None:
    reprise = reprendre(hote, fichiers("recettes-fautives.csv", "encaissements-fautifs.csv"))
    assert {x.recu for x in reprise.lignes.all()} == {"F-009", "P2610-00001", "F-014", "F-015"}
    assert (reprise.bilan["recettes"]["refusees"], reprise.bilan["encaissements"]["refusees"]) == (11, 8)
    assert reprise.bilan["encaisse"] == "5000"
    assert HospitalActTarif.objects.get(code="PH-PARA").nom == "Paracétamol 500 mg, boîte", "not the formula"


def test_a_receipt_whose_payments_pay_a_refused_line_is_held_whole(hote: Tenant) -> None:
    lignes = [recette("P1"), recette("P1", code_acte="LB-GE", quantite=-1), recette("P2")]
    reprise = reprendre(hote, papier(lignes, [encaissement("P1", 7000), encaissement("P2")]))
    assert rapport(reprise) == [
        ("RECETTES", 2, "recu_papier", "receipt-held"),
        ("RECETTES", 3, "quantite", "quantity-invalid"),
        ("ENCAISSEMENTS", 2, "recu_papier", "receipt-held"),
    ]
    assert "ligne 3" in reprise.refus.get(fichier="ENCAISSEMENTS").motif
    corrigees = [recette("P1"), recette("P1", code_acte="LB-GE", type_recette="LABORATOIRE", prix_unitaire=2000)]
    corrigee = reprendre(hote, papier([*corrigees, recette("P2")], [encaissement("P1", 7000), encaissement("P2")]))
    assert [code for *_place, code in rapport(corrigee)] == ["already-taken-over", "already-taken-over"]
    assert FactureCaisse.objects.get(motif="Reçu papier P1").montant == 7000


def test_a_line_corrected_and_sent_again_completes_its_receipt_and_no_other_line_does(hote: Tenant) -> None:
    fausse, juste = recette("P1", code_acte="LB-GE", quantite=-1), recette("P1", code_acte="LB-GE", prix_unitaire=2000)
    reprendre(hote, papier([recette("P1"), fausse], [encaissement("P1", 5000)]))
    autre = recette("P1", code_acte="LB-CRP", prix_unitaire=6000)
    complete = reprendre(hote, papier([recette("P1"), juste, autre], [encaissement("P1"), encaissement("P1", 2000)]))
    assert [(ligne, code) for _f, ligne, _c, code in rapport(complete)] == [
        (2, "already-taken-over"),
        (4, "receipt-already-whole"),
        (2, "already-taken-over"),
    ]
    assert sorted(FactureCaisse.objects.values_list("montant", "statut")) == [(2000, "PAYEE"), (5000, "PAYEE")]
    encore = reprendre(hote, papier([recette("P1"), juste, autre], []))
    assert [code for *_place, code in rapport(encore)] == [
        "already-taken-over",
        "already-taken-over",
        "receipt-already-whole",
    ]


@pytest.mark.parametrize(
    ("lignes", "paiements", "attendu"),
    [
        ([recette()], [encaissement(montant=6000), encaissement(montant=2000)], ("ENCAISSEMENTS", 2, "montant", "payment-exceeds-invoice")),
        ([recette()], [encaissement(date_heure="2026-09-30T10:00")], ("ENCAISSEMENTS", 2, "date_heure", "payment-before-receipt")),
        ([recette(quantite=0, montant=0)], [encaissement()], ("ENCAISSEMENTS", 2, "recu_papier", "receipt-refused")),
        ([recette(), recette(patient_numero="PAT-00002")], [], ("RECETTES", 3, "patient_numero", "receipt-inconsistent")),
        ([recette(), recette(date_heure="2026-10-02T08:00")], [], ("RECETTES", 3, "date_heure", "receipt-inconsistent")),
        ([recette(date_heure="2025-12-31T10:00")], [], ("RECETTES", 2, "date_heure", "period-missing")),
        ([recette("P1"), recette("P2")], [mobile("P1", 1000), mobile("P2", 1000)], ("ENCAISSEMENTS", 3, "reference", "reference-repeated")),
    ],
)  # fmt: skip
def test_what_only_the_books_can_refuse(
    hote: Tenant, lignes: list[str], paiements: list[str], attendu: tuple[str, int, str, str]
) -> None:
    with scope(hote.id):
        examen = examiner(hote, lire_contenus(hote, papier(lignes, paiements)))
    trouves = [(str(x.fichier), x.ligne, x.colonne, x.code) for x in examen.controle.refus]
    assert attendu in trouves


def test_a_closed_period_refuses_its_rows_by_its_name(hote: Tenant) -> None:
    jean = make_acteur(hote, "comptable", first_name="Jean", last_name="Eyenga")
    octobre = Periode.objects.get(debut=date(2026, 10, 1))
    fermer_periode(periode_id=octobre.pk, acteur=jean)
    avant = comptes()
    lignes = [recette("P1"), recette("P2", date_heure="2026-11-02T09:00")]
    reprise = reprendre(hote, papier(lignes, [encaissement("P1"), encaissement("P2", date_heure="2026-11-02T09:02")]))
    assert [(f, ligne, code) for f, ligne, _c, code in rapport(reprise)] == [
        ("RECETTES", 2, "period-closed"),
        ("ENCAISSEMENTS", 2, "receipt-refused"),
    ]
    motif = reprise.refus.get(fichier="RECETTES").motif
    assert octobre.code in motif
    assert "Jean Eyenga" in motif
    assert comptes()[:2] == [n + 1 for n in avant[:2]]


def test_what_a_service_refuses_is_reported_and_the_rest_of_the_batch_stands(
    hote: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The period closes between the control and the second receipt: the deferred check refuses at the end of the batch."""
    facturer, appels = ecriture.facturer_patient, []

    def facturer_et_refuser(**demande: object) -> object:
        appels.append(demande["motif"])
        if demande["motif"] == "Reçu papier P2":
            raise ecriture.BusinessError("La caisse est en panne.", code="broken")
        return facturer(**demande)

    monkeypatch.setattr(ecriture, "facturer_patient", facturer_et_refuser)
    reprise = reprendre(hote, papier([recette(f"P{n}") for n in (1, 2, 3)], [encaissement(f"P{n}") for n in (1, 2, 3)]))
    assert [(f, ligne, code) for f, ligne, _c, code in rapport(reprise)] == [
        ("RECETTES", 3, "broken"),
        ("ENCAISSEMENTS", 3, "broken"),
    ]
    assert FactureCaisse.objects.count() == Quittance.objects.count() == 2


def test_what_only_the_end_of_a_batch_refuses_is_found_one_by_one(
    hote: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    enregistrer = ecriture.encaisser_facture

    def trop_recu(**demande: object) -> object:
        """Break what a deferred trigger watches: the receipt is no longer the sum of its payments."""
        quittance = enregistrer(**demande)
        if quittance.facture.motif == "Reçu papier P2":
            de_trop = {"ordre": 9, "moyen": "ESPECES", "montant": 1, "recu": 1, "rendu": 0, "devise": "XAF"}
            insert_later(PaiementQuittance(tenant=hote, quittance=quittance, **de_trop))
        return quittance

    monkeypatch.setattr(ecriture, "encaisser_facture", trop_recu)
    reprise = reprendre(hote, papier([recette(f"P{n}") for n in (1, 2, 3)], [encaissement(f"P{n}") for n in (1, 2, 3)]))
    assert {(ligne, code) for _f, ligne, _c, code in rapport(reprise)} == {(3, "receipt-does-not-add-up")}
    assert sorted(FactureCaisse.objects.values_list("motif", flat=True)) == ["Reçu papier P1", "Reçu papier P3"]
    assert Quittance.objects.count() == 2
    assert not SessionCaisse.objects.exclude(statut="FERMEE").exists()


# Once, whatever happens --------------------------------------------------------------------------


def test_the_same_files_again_add_nothing_and_say_so(hote: Tenant) -> None:
    contenus = papier([recette("P1"), recette("P1")], [encaissement("P1", 3000), encaissement("P1", 3000)])
    premiere = reprendre(hote, contenus)
    avant = comptes()
    seconde = reprendre(hote, contenus)
    assert premiere.id != seconde.id
    assert comptes() == avant
    assert {code for *_place, code in rapport(seconde)} == {"already-taken-over"}
    assert seconde.bilan["recettes"] == {"reprises": 0, "refusees": 0, "deja": 2, "signalees": 0}


def test_cut_off_between_two_batches_it_goes_on_without_doubling(hote: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.comptabilite.caisse.reprise.execution.LOT", 2)
    lignes = [recette(f"P{n}", date_heure=f"2026-10-0{1 + n // 4}T08:0{n}") for n in range(7)]
    paiements = [encaissement(f"P{n}", date_heure=f"2026-10-0{1 + n // 4}T08:1{n}") for n in range(7)]
    contenus = papier(lignes, paiements)

    def coupure(faits: int, total: int) -> None:
        if faits == 6:
            raise RuntimeError("coupure")

    with pytest.raises(RuntimeError, match="coupure"):
        reprendre(hote, contenus, coupure)
    laissee = SessionCaisse.objects.get(statut="OUVERTE")
    reprise = RepriseCaisse.objects.get()
    assert (reprise.statut, reprise.faits, FactureCaisse.objects.count()) == ("EN_COURS", 6, 6)
    suivis: list[tuple[int, int]] = []
    finie = reprendre(hote, contenus, lambda faits, total: suivis.append((faits, total)))
    assert (finie.id, finie.statut, finie.bilan["recus"]) == (reprise.id, "TERMINEE", 7)
    assert suivis == [(6, 7), (7, 7)]
    assert (FactureCaisse.objects.count(), Quittance.objects.count(), SessionCaisse.objects.count()) == (7, 7, 2)
    laissee.refresh_from_db()
    assert (laissee.statut, laissee.attendu) == ("FERMEE", 15_000)
    assert rapport(finie) == []


def test_cut_off_before_the_last_day_closes_it_closes_on_the_next_run(
    hote: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    contenus = papier([recette()], [encaissement()])
    with monkeypatch.context() as coupe:
        coupe.setattr(ecriture, "fermer_session_caisse", lambda **demande: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reprendre(hote, contenus)
    assert SessionCaisse.objects.get().est_ouverte
    assert reprendre(hote, contenus).statut == "TERMINEE"
    assert not SessionCaisse.objects.get().est_ouverte


def test_stopped_by_a_person_it_finishes_its_batch_no_more_and_may_be_taken_up_again(
    hote: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.comptabilite.caisse.reprise.execution.LOT", 1)
    jean = make_acteur(hote, "comptable")
    contenus = papier([recette("P1"), recette("P2")], [])

    def arreter(faits: int, total: int) -> None:
        if faits == 1:
            arreter_reprise(reprise_id=RepriseCaisse.objects.get().id, acteur=jean)

    with pytest.raises(Arretee):
        reprendre(hote, contenus, arreter)
    reprise = RepriseCaisse.objects.get()
    assert (reprise.statut, FactureCaisse.objects.count()) == (StatutReprise.ARRETEE, 1)
    with pytest.raises(Arretee):
        executer(hote, reprise.id, lire_contenus(hote, contenus))
    lancer_reprise(reprise_id=reprise.id, acteur=jean)
    assert executer(hote, reprise.id, lire_contenus(hote, contenus)).statut == StatutReprise.TERMINEE
    assert FactureCaisse.objects.count() == 2
    actions = AuditTrail.objects.filter(model_type="comptabilite.RepriseCaisse").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "reprise_deposee", "reprise_lancee", "reprise_arretee", "reprise_lancee", "reprise_terminee",
    ]  # fmt: skip


def test_two_runs_at_once_double_nothing(hote: Tenant) -> None:
    """The second was planned before the first wrote: each row is asked again under the tenant's lock."""
    contenus = papier([recette()], [encaissement()])
    reprise = deposer(hote, contenus)
    lecture = lire_contenus(hote, contenus)
    examen = examiner(hote, lecture)
    reprendre(hote, contenus)
    avant = comptes()
    autre = RepriseCaisse.objects.create(origine="COMMANDE", statut="DEPOSEE", deposee_par_libelle="x")
    RepriseCaisse.objects.filter(pk=autre.pk).update(statut="CONTROLEE")
    RepriseCaisse.objects.filter(pk=autre.pk).update(statut="EN_COURS")
    atelier = ecriture.ouvrir_atelier(hote, autre, REPRISE, examen.controle.passages)
    ecriture.reprendre_lot(atelier, examen.controle.passages)
    assert comptes() == avant
    assert reprise.id != autre.id


def test_a_simulation_says_what_would_be_done_and_writes_nothing(hote: Tenant) -> None:
    contenus = fichiers("recettes-fautives.csv", "encaissements-fautifs.csv")
    avant = comptes()
    examen = examiner(hote, lire_contenus(hote, contenus))
    assert comptes() == avant
    assert not RepriseCaisse.objects.exists()
    fait = reprendre(hote, contenus)
    communs = examen.apercu.keys() & fait.bilan.keys()
    assert {"facture", "encaisse", "par_type", "par_mode", "par_jour", "recettes", "encaissements", "recus"} <= communs
    assert {nom: examen.apercu[nom] for nom in communs} == {nom: fait.bilan[nom] for nom in communs}
    assert (examen.apercu["patients"], examen.apercu["tarifs"]) == (1, ["CONS-GEN", "PH-PARA"])
    assert (examen.apercu["caisses"], examen.apercu["caissiers"]) == ([], ["amina.caisse"])


def test_a_file_that_is_no_such_file_leaves_no_document(hote: Tenant) -> None:
    recettes, encaissements = papier([recette()], [])
    with pytest.raises(FichierRefuse, match="inversés"):
        deposer(hote, (encaissements, recettes))
    assert not RepriseCaisse.objects.exists()


# What only a takeover may ---------------------------------------------------------------------


def test_a_session_without_count_is_a_running_takeover_s_alone(hote: Tenant) -> None:
    finie = reprendre(hote, papier([recette()], []))
    amina = make_acteur(hote, "caissier")
    c1 = Caisse.objects.get(code="C1")
    with pytest.raises(NotAllowed) as sienne:
        ouvrir_session_caisse(caisse_id=c1.id, fonds=D(0), acteur=amina, reprise=finie)
    with pytest.raises(NotAllowed) as avec_fonds:
        ouvrir_session_caisse(caisse_id=c1.id, fonds=D(500), acteur=REPRISE, caissier_id=amina.id, reprise=finie)
    assert {sienne.value.code, avec_fonds.value.code} == {"float-refused"}
    with pytest.raises(BusinessError) as trop_tard:
        ouvrir_session_caisse(caisse_id=c1.id, fonds=D(0), acteur=REPRISE, caissier_id=amina.id, reprise=finie)
    assert trop_tard.value.code == "takeover-not-running"
    vivante = ouvrir_session_caisse(caisse_id=c1.id, fonds=D(500), acteur=amina)
    with pytest.raises(BusinessError) as sans_compte:
        fermer_session_caisse(session_caisse_id=vivante.id, compte=None, acteur=amina)
    assert (sans_compte.value.code, sans_compte.value.field) == ("till-count-required", "compte")


def test_a_cashier_does_not_write_words_of_her_own_on_a_line(hote: Tenant) -> None:
    reprendre(hote, papier([recette()], []))
    amina = make_acteur(hote, "caissier")
    with pytest.raises(NotAllowed) as refus:
        facturer_patient(
            patient_id=Patient.objects.get().id, lignes=[LigneSaisie("CONS-GEN", libelle="Faveur")], acteur=amina
        )
    assert refus.value.code == "label-refused"
