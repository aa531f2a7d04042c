"""A till session: float, count, difference, and who may hold what."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import Caisse, SessionCaisse
from apps.comptabilite.caisse.selectors import (
    caisses_libres,
    especes_attendues,
    lien_session,
    regle_en_vigueur,
    session_ouverte,
    solde_de_caisse,
)
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, RegleImputation
from apps.comptabilite.tests.caisse.factories import REPRISE, Guichet, especes, make_facture, mobile
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import scope

D = Decimal


def comptes_mouvementes(type_fait: str) -> list[tuple[str, Decimal, Decimal]]:
    ecriture = Ecriture.objects.get(fait__type=type_fait)
    return [(x.compte.numero, x.montant_debit, x.montant_credit) for x in ecriture.lignes.order_by("ordre")]


def test_opening_writes_who_when_how_much_and_books_the_float(guichet: Guichet) -> None:
    session = guichet.session
    assert (session.statut, session.fonds, session.devise) == ("OUVERTE", D(50_000), "XAF")
    assert session.caissier_id == guichet.caissiere.id
    assert session.ouverte_le <= now()
    assert session_ouverte(guichet.caissiere.id) == session
    assert comptes_mouvementes("fonds_de_caisse") == [("5711", D(50_000), D(0)), ("585", D(0), D(50_000))]
    assert AuditTrail.objects.filter(action="session_caisse_ouverte", model_id=session.id).count() == 1


def test_a_count_that_agrees_needs_no_reason_and_moves_no_money(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    encaisser_facture(
        facture_id=facture.id, paiements=[mobile(1500), especes(10_000, 20_000)], acteur=guichet.caissiere
    )
    faits = Fait.objects.count()
    assert especes_attendues(guichet.session) == D(60_000)
    session = fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(60_000), acteur=guichet.caissiere)
    assert (session.statut, session.attendu, session.compte, session.ecart) == ("FERMEE", D(60_000), D(60_000), D(0))
    assert Fait.objects.count() == faits
    assert solde_de_caisse(guichet.caisse.id) == D(60_000)
    assert session_ouverte(guichet.caissiere.id) is None


@pytest.mark.parametrize(
    ("compte", "type_fait", "lignes"),
    [
        (50_700, "excedent_de_caisse", [("5711", D(700), D(0)), ("7588", D(0), D(700))]),
        (49_300, "manquant_de_caisse", [("6588", D(700), D(0)), ("5711", D(0), D(700))]),
    ],
)
def test_a_difference_needs_a_reason_and_is_booked(
    guichet: Guichet, compte: int, type_fait: str, lignes: list[tuple[str, Decimal, Decimal]]
) -> None:
    with pytest.raises(BusinessError) as refus:
        fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(compte), acteur=guichet.caissiere)
    assert (refus.value.code, refus.value.field) == ("difference-reason-required", "motif_ecart")
    assert "700\u00a0FCFA" in str(refus.value)
    session = fermer_session_caisse(
        session_caisse_id=guichet.session.id, compte=D(compte), motif_ecart="monnaie", acteur=guichet.caissiere
    )
    assert session.ecart == D(compte - 50_000)
    assert comptes_mouvementes(type_fait) == lignes


def test_the_same_float_moves_nothing_a_larger_one_comes_in_a_smaller_one_goes_out(guichet: Guichet) -> None:
    def rouvrir(fonds: int) -> None:
        ouverte = session_ouverte(guichet.caissiere.id)
        fermer_session_caisse(session_caisse_id=ouverte.id, compte=ouverte.fonds, acteur=guichet.caissiere)
        ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=D(fonds), acteur=guichet.caissiere)

    rouvrir(50_000)
    assert Fait.objects.filter(source_type="comptabilite.SessionCaisse").count() == 1
    rouvrir(30_000)
    assert comptes_mouvementes("retrait_de_caisse") == [("585", D(20_000), D(0)), ("5711", D(0), D(20_000))]
    rouvrir(45_000)
    assert Fait.objects.filter(type="fonds_de_caisse").latest("created_at").lines[0]["amount"] == "15000"
    assert not ImputationEnAttente.objects.exists()


@pytest.mark.urls("config.urls_staff")
def test_two_sessions_of_a_till_in_a_day_have_each_their_piece(guichet: Guichet) -> None:
    jour = f"C1 {local_date(guichet.tenant.time_zone):%d/%m/%Y}"
    fermer_session_caisse(
        session_caisse_id=guichet.session.id, compte=D(49_000), motif_ecart="Billet", acteur=guichet.caissiere
    )
    seconde = ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=D(30_000), acteur=guichet.caissiere)
    fermer_session_caisse(session_caisse_id=seconde.id, compte=D(29_000), motif_ecart="Pièce", acteur=guichet.caissiere)
    pieces = dict(Fait.objects.filter(source_id=guichet.session.id).values_list("type", "number"))
    assert pieces == {"fonds_de_caisse": jour, "manquant_de_caisse": jour}
    pieces = dict(Fait.objects.filter(source_id=seconde.id).values_list("type", "number"))
    assert pieces == {"retrait_de_caisse": f"{jour} n°\u00a02", "manquant_de_caisse": f"{jour} n°\u00a02"}
    assert lien_session(seconde.id)[1] == f"{jour} n°\u00a02"


def test_a_float_of_nothing_publishes_nothing(tenant: Tenant) -> None:
    acteur = make_acteur(tenant, "caissier")
    ouvrir_session_caisse(caisse_id=Caisse.objects.get().id, fonds=D(0), acteur=acteur)
    assert not Fait.objects.exists()


def test_one_session_a_till_and_one_a_cashier(guichet: Guichet) -> None:
    autre = make_acteur(guichet.tenant, "caissier")
    with pytest.raises(Conflict) as refus:
        ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=D(0), acteur=autre)
    assert refus.value.code == "till-already-open"
    assert "Ngo Bassong" in str(refus.value)
    deuxieme = creer_caisse(code="c2", libelle="Caisse C2", acteur=SYSTEM)
    assert list(caisses_libres()) == [deuxieme]
    with pytest.raises(Conflict) as refus:
        ouvrir_session_caisse(caisse_id=deuxieme.id, fonds=D(0), acteur=guichet.caissiere)
    assert refus.value.code == "cashier-already-open"
    assert ouvrir_session_caisse(caisse_id=deuxieme.id, fonds=D(0), acteur=autre).est_ouverte


@pytest.mark.parametrize(
    ("fonds", "code"),
    [("-1", "negative-amount"), ("0.5", "amount-too-fine"), ("NaN", "negative-amount"), ("1E12", "amount-too-large")],
)
def test_a_float_that_cannot_be_is_refused(tenant: Tenant, fonds: str, code: str) -> None:
    with pytest.raises(BusinessError) as refus:
        ouvrir_session_caisse(caisse_id=Caisse.objects.get().id, fonds=D(fonds), acteur=make_acteur(tenant))
    assert (refus.value.code, refus.value.field) == (code, "fonds")
    assert not SessionCaisse.objects.exists()


def test_a_till_out_of_service_and_one_of_another_tenant(guichet: Guichet, autre_tenant: Tenant) -> None:
    autre = make_acteur(guichet.tenant, "caissier")
    vieille = creer_caisse(code="C9", libelle="Ancienne", acteur=SYSTEM)
    vieille.actif = False
    vieille.save(update_fields=["actif"])
    with pytest.raises(BusinessError) as refus:
        ouvrir_session_caisse(caisse_id=vieille.id, fonds=D(0), acteur=autre)
    assert refus.value.code == "till-out-of-service"
    with scope(autre_tenant.id):
        etrangere = Caisse.objects.get()
    with pytest.raises(Caisse.DoesNotExist):
        ouvrir_session_caisse(caisse_id=etrangere.id, fonds=D(0), acteur=autre)


def test_each_cashier_closes_her_own_till_once(guichet: Guichet) -> None:
    autre = make_acteur(guichet.tenant, "caissier")
    with pytest.raises(NotAllowed):
        fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(50_000), acteur=autre)
    with pytest.raises(BusinessError) as refus:
        fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D("-1"), acteur=guichet.caissiere)
    assert refus.value.code == "negative-amount"
    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(50_000), acteur=guichet.caissiere)
    with pytest.raises(Conflict):
        fermer_session_caisse(session_caisse_id=guichet.session.id, compte=D(50_000), acteur=guichet.caissiere)
    with pytest.raises(SessionCaisse.DoesNotExist):
        fermer_session_caisse(session_caisse_id=uuid.uuid4(), compte=D(0), acteur=guichet.caissiere)


def test_only_the_takeover_names_a_cashier_and_a_past_moment(guichet: Guichet) -> None:
    autre = make_acteur(guichet.tenant, "caissier")
    caisse = creer_caisse(code="C2", libelle="Caisse C2", acteur=SYSTEM)
    hier = now() - timedelta(days=1)
    with pytest.raises(NotAllowed) as refus:
        ouvrir_session_caisse(caisse_id=caisse.id, fonds=D(0), acteur=autre, le=hier)
    assert refus.value.code == "business-date-refused"
    with pytest.raises(NotAllowed):
        ouvrir_session_caisse(caisse_id=caisse.id, fonds=D(0), acteur=autre, caissier_id=guichet.caissiere.id)
    with pytest.raises(NotAllowed):
        ouvrir_session_caisse(caisse_id=caisse.id, fonds=D(0), acteur=SYSTEM, caissier_id=autre.id)
    with pytest.raises(BusinessError) as refus:
        ouvrir_session_caisse(
            caisse_id=caisse.id, fonds=D(0), acteur=REPRISE, caissier_id=autre.id, le=now() + timedelta(days=1)
        )
    assert refus.value.code == "date-in-the-future"
    session = ouvrir_session_caisse(caisse_id=caisse.id, fonds=D(100), acteur=REPRISE, caissier_id=autre.id, le=hier)
    assert (session.ouverte_le, session.caissier_id) == (hier, autre.id)
    fermee = fermer_session_caisse(session_caisse_id=session.id, compte=D(100), acteur=REPRISE, le=hier)
    assert fermee.fermee_le == hier


def test_a_new_hospital_has_a_till_and_a_rule_and_nobody_else_does(tenant: Tenant) -> None:
    assert [(caisse.code, caisse.libelle) for caisse in Caisse.objects.all()] == [("C1", "Caisse C1")]
    assert regle_en_vigueur().active
    assureur = make_tenant(slug="assureur", kind="assureur", name="Assurances du Wouri")
    with scope(assureur.id):
        assert not Caisse.objects.exists()
        assert regle_en_vigueur() is None


def test_each_further_till_has_its_own_account_and_rules(tenant: Tenant) -> None:
    for code in ("C2", "C3"):
        creer_caisse(code=code, libelle=f"Caisse {code}", acteur=SYSTEM)
    especes_par_caisse = RegleImputation.objects.filter(type_fait="quittance_emise", role="reglement", moyen="ESPECES")
    assert {regle.caisse: regle.compte.numero for regle in especes_par_caisse} == {
        "C1": "5711",
        "C2": "5713",
        "C3": "5714",
    }
    assert {RegleImputation.objects.filter(caisse=code).count() for code in ("C1", "C2", "C3")} == {5}
    with pytest.raises(BusinessError) as refus:
        creer_caisse(code="c2", libelle="Encore", acteur=SYSTEM)
    assert refus.value.code == "till-code-taken"
    with pytest.raises(BusinessError):
        creer_caisse(code=" ", libelle="Sans code", acteur=SYSTEM)


def test_tills_beyond_the_acts_numbers_still_find_an_account(tenant: Tenant) -> None:
    for rang in range(2, 11):
        creer_caisse(code=f"T{rang}", libelle=f"Caisse {rang}", acteur=SYSTEM)
    comptes = RegleImputation.objects.filter(role="reglement", moyen="ESPECES").values_list("compte__numero", flat=True)
    assert set(comptes) == {"5711", *(f"571{rang}" for rang in range(3, 10)), "571001", "571002"}
