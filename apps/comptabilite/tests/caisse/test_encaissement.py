"""Collection: five means, several at once, in part, and what is refused."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.comptabilite.caisse.models import (
    AllocationPaiement,
    Cheque,
    FactureCaisse,
    PaiementCarte,
    PaiementMobile,
    PaiementQuittance,
    Quittance,
    SessionCaisse,
    Virement,
)
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente
from apps.comptabilite.tests.caisse.factories import (
    REPRISE,
    Guichet,
    carte,
    cheque,
    especes,
    make_facture,
    mobile,
    virement,
)
from apps.facturation.models import Invoice
from apps.mouvements.selectors import solde
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import Fait
from apps.socle.scope import scope

D = Decimal


def ecritures_du_fait(quittance: Quittance) -> dict[str, list[tuple[str, Decimal, Decimal]]]:
    """The entries of a receipt, a journal each."""
    return {
        ecriture.journal.code: [
            (x.compte.numero, x.montant_debit, x.montant_credit) for x in ecriture.lignes.order_by("ordre")
        ]
        for ecriture in Ecriture.objects.filter(fait__source_id=quittance.id)
    }


def test_example_one_cash_the_worked_example(guichet: Guichet) -> None:
    """Consultation 5,000, blood count 4,500, thick film 2,000, paid in cash: the design's worked example."""
    facture = make_facture(guichet)
    quittance = encaisser_facture(facture_id=facture.id, paiements=[especes(11_500, 20_000)], acteur=guichet.caissiere)
    annee = local_date("Africa/Douala").year
    assert quittance.numero_quittance == f"QUIT-{annee}-00001"
    assert (quittance.montant_paye, quittance.session_caisse, quittance.session) == (
        D(11_500),
        guichet.session,
        facture.session,
    )
    paiement = quittance.paiements.get()
    assert (paiement.moyen, paiement.recu, paiement.rendu) == ("ESPECES", D(20_000), D(8_500))
    assert ecritures_du_fait(quittance) == {"CA": [("5711", 11500, 0), ("4111", 0, 11500)]}
    facture.refresh_from_db()
    assert (facture.statut, facture.invoice.paid_status) == ("PAYEE", "complete")
    assert solde(guichet.patient.tiers_id, "XAF") == 0
    assert [x.montant for x in paiement.allocations.order_by("invoice_line__position")] == [5000, 4500, 2000]
    assert not ImputationEnAttente.objects.exists()


def test_example_two_cash_and_mobile_in_part(guichet: Guichet) -> None:
    """The plan's second example: 24,000 due, 10,000 cash and 8,000 MTN: 6,000 remain, line one is settled."""
    facture = make_facture(guichet, "IM-ECH", "LB-CRP")
    quittance = encaisser_facture(
        facture_id=facture.id, paiements=[especes(10_000), mobile(8000)], acteur=guichet.caissiere
    )
    assert ecritures_du_fait(quittance) == {
        "CA": [("5711", 10000, 0), ("4111", 0, 10000)],
        "MM": [("5521", 8000, 0), ("4111", 0, 8000)],
    }
    parts = AllocationPaiement.objects.order_by("paiement__ordre")
    assert [(x.paiement.moyen, x.invoice_line.position, x.montant) for x in parts] == [
        ("ESPECES", 1, 10000),
        ("MOBILE", 1, 8000),
    ]
    facture.refresh_from_db()
    assert (facture.statut, facture.invoice.paid_status, facture.invoice.balance_due) == ("VALIDEE", "partial", 6000)
    assert solde(guichet.patient.tiers_id, "XAF") == 6000
    assert (quittance.donnees["reste_du"], quittance.donnees["deja_regle"]) == ("6000", "0")
    assert facture.historique.order_by("-le", "-id").first().action == "encaisser"

    suite = encaisser_facture(facture_id=facture.id, paiements=[especes(6000)], acteur=guichet.caissiere)
    assert (suite.donnees["reste_du"], suite.donnees["deja_regle"]) == ("0", "18000")
    assert suite.paiements.get().allocations.get().invoice_line.position == 2
    facture.refresh_from_db()
    assert facture.statut == "PAYEE"
    with pytest.raises(Conflict) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(1)], acteur=guichet.caissiere)
    assert refus.value.code == "already-paid"
    assert "déjà encaissée par" in str(refus.value)


def test_the_five_means_keep_their_references(guichet: Guichet) -> None:
    facture = make_facture(guichet, "IM-SCA", "IM-ECH")
    paiements = [
        especes(3000, 5000),
        cheque(20_000),
        virement(30_000, compte_source="CM21 10005 00001 12345678901 23"),
        carte(10_000, carte="****0973"),
        mobile(20_000),
        mobile(15_000, "OR20261001000110", operateur="ORANGE", payeur="610686479"),
        mobile(3000, "NX1", operateur="NEXTTEL"),
        mobile(2000, "CA1", operateur="CAMTEL"),
    ]
    quittance = encaisser_facture(facture_id=facture.id, paiements=paiements, acteur=guichet.caissiere)
    assert quittance.montant_paye == D(103_000)
    un_cheque = Cheque.objects.get()
    assert (un_cheque.numero_cheque_externe, un_cheque.nom_banque, un_cheque.nom_titulaire) == (
        "5165159",
        "UBA",
        "Landry Oumarou",
    )
    assert (un_cheque.patient, un_cheque.date_emission.date(), un_cheque.date_encaissement) == (
        guichet.patient,
        date(2026, 10, 1),
        None,
    )
    un_virement = Virement.objects.get()
    assert (un_virement.reference_virement, un_virement.date_virement) == ("VIR20261000107", date(2026, 10, 1))
    assert un_virement.compte_source == "CM21 10005 00001 12345678901 23"
    une_carte = PaiementCarte.objects.get()
    assert (une_carte.numero_carte_masque, une_carte.reference_transaction, une_carte.terminal_id) == (
        "****0973",
        "TPE77936562",
        "TERM-2",
    )
    mobiles = PaiementMobile.objects.order_by("paiement__ordre").values_list(
        "operateur", "reference_transaction", "numero_payant"
    )
    assert list(mobiles)[:2] == [("MTN", "MT20261001000010", "699938475"), ("ORANGE", "OR20261001000110", "610686479")]
    ecritures = ecritures_du_fait(quittance)
    assert {journal: sorted(x[0] for x in lignes if x[1]) for journal, lignes in ecritures.items()} == {
        "CA": ["5711"],
        "BQ": ["513", "515", "5211"],
        "MM": ["5521", "5522", "5523", "5524"],
    }
    assert [x["libelle"] for x in quittance.donnees["paiements"]][3:5] == ["Carte bancaire", "MTN Mobile Money"]
    assert quittance.donnees["paiements"][3]["reference"] == "TPE77936562, ****0973"


def test_the_fact_of_a_receipt_carries_what_the_paper_says(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    quittance = encaisser_facture(
        facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere, motif="soins"
    )
    fait = Fait.objects.get(source_id=quittance.id)
    assert (fait.type, fait.number, fait.source_type) == (
        "quittance_emise",
        quittance.numero_quittance,
        "comptabilite.Quittance",
    )
    assert fait.tiers_id == guichet.patient.tiers_id
    assert [(x["role"], x["amount"], x["criteria"]) for x in fait.lines] == [
        ("reglement", "11500", {"moyen": "ESPECES", "caisse": "C1"}),
        ("creance_reglee", "11500", {"moyen": "ESPECES", "caisse": "C1"}),
    ]
    assert fait.snapshot["lignes"] == quittance.donnees["lignes"]
    assert fait.snapshot["code"] == quittance.code_verification
    assert set(fait.snapshot["patient"]) == {"nom", "numero"}
    assert "motif" not in fait.snapshot
    assert quittance.donnees["motif"] == "soins"
    assert quittance.donnees["lignes"][0]["exoneration"]


def test_an_invoice_of_zero_is_collected_without_a_receipt(guichet: Guichet) -> None:
    facture = make_facture(guichet, "LB-VIH")
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(100)], acteur=guichet.caissiere)
    assert refus.value.code == "nothing-due"
    assert FactureCaisse.objects.get().statut == "EN_ATTENTE"
    assert encaisser_facture(facture_id=facture.id, paiements=[], acteur=guichet.caissiere) is None
    facture.refresh_from_db()
    assert (facture.statut, facture.invoice.paid_status) == ("PAYEE", "complete")
    assert not Quittance.objects.exists()


def test_a_line_of_zero_beside_others_receives_nothing(guichet: Guichet) -> None:
    facture = make_facture(guichet, "LB-VIH", "CONS-GEN")
    quittance = encaisser_facture(facture_id=facture.id, paiements=[especes(5000)], acteur=guichet.caissiere)
    assert quittance.paiements.get().allocations.get().invoice_line.position == 2
    assert [x["montant"] for x in quittance.donnees["lignes"]] == ["0", "5000"]


def test_a_taxed_line_is_collected_with_its_tax(guichet: Guichet) -> None:
    facture = make_facture(guichet, "AU-CARN")
    quittance = encaisser_facture(facture_id=facture.id, paiements=[especes(500)], acteur=guichet.caissiere)
    assert quittance.donnees["facture"] == {
        **quittance.donnees["facture"],
        "total_ht": "419",
        "total_taxe": "81",
        "total_ttc": "500",
    }
    assert quittance.donnees["lignes"][0]["taux"] == "19.25"


CAS_REFUSES = [
    ([], "no-payments", "paiements"),
    ([especes(0)], "amount-required", "paiements-0-montant"),
    ([especes(-5)], "negative-amount", "paiements-0-montant"),
    ([especes("0.5")], "amount-too-fine", "paiements-0-montant"),
    ([especes(11_501)], "payment-exceeds-invoice", "paiements"),
    ([especes(6000), mobile(5501)], "payment-exceeds-invoice", "paiements"),
    ([especes(11_500, 10_800)], "cash-too-little", "paiements-0-recu"),
    ([especes(1)] * 21, "too-many-payments", "paiements"),
    ([mobile(1000, "")], "reference-required", "paiements-0-reference"),
    ([especes(1), mobile(1000, payeur=" ")], "reference-required", "paiements-1-payeur"),
    ([mobile(1000, operateur="VODAFONE")], "unknown-operator", "paiements-0-operateur"),
    ([cheque(1000, reference="")], "reference-required", "paiements-0-reference"),
    ([cheque(1000, banque="")], "reference-required", "paiements-0-banque"),
    ([cheque(1000, titulaire="")], "reference-required", "paiements-0-titulaire"),
    ([cheque(1000, date=None)], "reference-required", "paiements-0-date"),
    ([virement(1000, date=None)], "reference-required", "paiements-0-date"),
    ([virement(1000, banque="B" * 101)], "too-long", "paiements-0-banque"),
    ([carte(1000, carte="")], "reference-required", "paiements-0-carte"),
    ([carte(1000, carte="4970101234567893")], "card-number-refused", "paiements-0-carte"),
    ([carte(1000, carte="4970101234567890")], "card-number-refused", "paiements-0-carte"),
    ([carte(1000, carte="12345")], "card-number-refused", "paiements-0-carte"),
    ([carte(1000, reference="4970 1012 3456 7893")], "card-number-refused", "paiements-0-reference"),
    ([cheque(1000, titulaire="Landry 4970-1012-3456-7893")], "card-number-refused", "paiements-0-titulaire"),
]  # fmt: skip


@pytest.mark.parametrize(("paiements", "code", "champ"), CAS_REFUSES)
def test_a_payment_that_cannot_be_is_refused_beside_its_field(
    guichet: Guichet, paiements: list[Any], code: str, champ: str
) -> None:
    facture = make_facture(guichet)
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=facture.id, paiements=paiements, acteur=guichet.caissiere)
    assert (refus.value.code, refus.value.field) == (code, champ)
    assert "4970" not in str(refus.value)
    facture.refresh_from_db()
    assert (facture.statut, Quittance.objects.count(), Invoice.objects.count()) == ("EN_ATTENTE", 0, 0)


def test_change_is_given_on_cash_only_and_an_unknown_means_is_refused(guichet: Guichet) -> None:
    from dataclasses import replace

    facture = make_facture(guichet)
    for paiement, code in (
        (replace(mobile(1000), recu=D(2000)), "change-only-on-cash"),
        (replace(especes(1000), moyen="BITCOIN"), "unknown-means"),
    ):
        with pytest.raises(BusinessError) as refus:
            encaisser_facture(facture_id=facture.id, paiements=[paiement], acteur=guichet.caissiere)
        assert refus.value.code == code


def test_the_missing_cash_is_said_in_francs(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    with pytest.raises(BusinessError, match="Il manque 700\u00a0FCFA"):
        encaisser_facture(facture_id=facture.id, paiements=[especes(11_500, 10_800)], acteur=guichet.caissiere)
    with pytest.raises(BusinessError, match="dépasse de 1\u202f500\u00a0FCFA le reste dû \\(11\u202f500\u00a0FCFA\\)"):
        encaisser_facture(facture_id=facture.id, paiements=[especes(13_000)], acteur=guichet.caissiere)


def test_a_reference_is_collected_once(guichet: Guichet) -> None:
    encaisser_facture(facture_id=make_facture(guichet, "LB-CRP").id, paiements=[mobile(6000)], acteur=guichet.caissiere)
    encaisser_facture(facture_id=make_facture(guichet, "LB-CRP").id, paiements=[carte(6000)], acteur=guichet.caissiere)
    autre = make_facture(guichet, "LB-CRP")
    for paiement in (mobile(1000), carte(1000)):
        with pytest.raises(BusinessError) as refus:
            encaisser_facture(facture_id=autre.id, paiements=[paiement], acteur=guichet.caissiere)
        assert refus.value.code == "reference-already-used"
        assert "déjà été encaissée" in str(refus.value)
    encaisser_facture(facture_id=autre.id, paiements=[mobile(1000, operateur="ORANGE")], acteur=guichet.caissiere)


def test_no_collection_without_a_till_of_ones_own(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    sans_caisse = make_acteur(guichet.tenant, "caissier")
    for acteur in (sans_caisse, guichet.comptable):
        with pytest.raises(BusinessError) as refus:
            encaisser_facture(facture_id=facture.id, paiements=[especes(1)], acteur=acteur)
        assert refus.value.code == "till-closed"
    with pytest.raises(NotAllowed):
        encaisser_facture(facture_id=facture.id, paiements=[especes(1)], acteur=SYSTEM)
    from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
    from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse

    sienne = creer_caisse(code="C2", libelle="Caisse C2", acteur=SYSTEM)
    ouvrir_session_caisse(caisse_id=sienne.id, fonds=D(0), acteur=sans_caisse)
    with pytest.raises(NotAllowed) as refus:
        encaisser_facture(
            facture_id=facture.id, paiements=[especes(1)], acteur=sans_caisse, session_caisse_id=guichet.session.id
        )
    assert refus.value.code == "not-your-till"
    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(50_000), acteur=guichet.caissiere)
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(1)], acteur=guichet.caissiere)
    assert refus.value.code == "till-closed"
    with pytest.raises(Conflict):
        encaisser_facture(
            facture_id=facture.id, paiements=[especes(1)], acteur=REPRISE, session_caisse_id=guichet.session.id
        )


def test_the_takeover_collects_at_a_named_till_with_its_date_and_its_own_validation(guichet: Guichet) -> None:
    from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
    from apps.comptabilite.tests.caisse.factories import lignes

    session = SessionCaisse.objects.get()
    maintenant = now()
    facture = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes(("IM-SCA", 1, 80_000)),
        acteur=REPRISE,
        caissier_id=guichet.caissiere.id,
        le=maintenant - timedelta(days=1),
    )
    quittance = encaisser_facture(
        facture_id=facture.id,
        paiements=[especes(80_000)],
        acteur=REPRISE,
        session_caisse_id=session.id,
        le=maintenant - timedelta(days=1),
    )
    assert quittance.date_paiement == maintenant - timedelta(days=1)
    assert quittance.caissier_id == guichet.caissiere.id
    assert Fait.objects.get(source_id=quittance.id).date < local_date(guichet.tenant.time_zone)
    with pytest.raises(NotAllowed):
        encaisser_facture(
            facture_id=facture.id, paiements=[especes(1)], acteur=guichet.caissiere, le=maintenant - timedelta(days=1)
        )


def test_unknown_and_foreign_invoices_do_not_exist(guichet: Guichet, autre_tenant: Tenant) -> None:
    with pytest.raises(FactureCaisse.DoesNotExist):
        encaisser_facture(facture_id=uuid.uuid4(), paiements=[especes(1)], acteur=guichet.caissiere)
    facture = make_facture(guichet)
    from apps.comptabilite.tests.caisse.factories import make_guichet

    ailleurs = make_guichet(autre_tenant)
    with scope(autre_tenant.id), pytest.raises(FactureCaisse.DoesNotExist):
        encaisser_facture(facture_id=facture.id, paiements=[especes(1)], acteur=ailleurs.caissiere)


def test_a_subscriber_that_refuses_takes_everything_back(guichet: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.socle import facts

    facture = make_facture(guichet)

    def refuse(fait: object) -> None:
        raise BusinessError("non", code="refused")

    avant = Fait.objects.count()
    monkeypatch.setattr(facts, "_subscribers", {**facts._subscribers, "fiscal": refuse})
    with pytest.raises(BusinessError, match="non"):
        encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    monkeypatch.undo()
    comptes = (
        Fait.objects.count(),
        Quittance.objects.count(),
        PaiementQuittance.objects.count(),
        Invoice.objects.count(),
    )
    assert comptes == (avant, 0, 0, 0)
    quittance = encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    assert quittance.numero_quittance.endswith("-00001"), "the refused attempt gave its number back"


def test_a_receipt_costs_the_same_queries_with_one_line_and_twenty(guichet: Guichet) -> None:
    from django.test.utils import CaptureQueriesContext

    nombres = []
    for codes in (["CONS-GEN"], ["LB-CRP"] * 20):
        facture = make_facture(guichet, *codes)
        valider_facture(facture_id=facture.id, acteur=guichet.comptable)
        with CaptureQueriesContext(connection) as requetes:
            encaisser_facture(facture_id=facture.id, paiements=[especes(4000)], acteur=guichet.caissiere)
        nombres.append(len(requetes))
    assert nombres[0] == nombres[1]
