"""Several at once: validators, writers on one invoice, the same key, openings of one till."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.comptabilite.caisse.models import AllocationPaiement, Caisse, FactureCaisse, Quittance, SessionCaisse
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.services.vendre_au_comptant import encaisser_une_fois, vendre_une_fois
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture
from apps.facturation.models import Invoice
from apps.mouvements.selectors import solde
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.errors import BusinessError, Conflict
from apps.socle.models import Counter, Fait
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def ensemble(tenant: Tenant, gestes: list[Callable[[], Any]]) -> list[Any]:
    """Run `gestes` at once, each on its own connection; return each one's result or error, in their order."""
    barriere = threading.Barrier(len(gestes))
    issues: list[Any] = [None] * len(gestes)

    def faire(rang: int, geste: Callable[[], Any]) -> None:
        try:
            barriere.wait(timeout=30)
            with scope(tenant.id):
                issues[rang] = geste()
        except Exception as error:
            issues[rang] = error
        finally:
            connection.close()

    fils = [threading.Thread(target=faire, args=(rang, geste)) for rang, geste in enumerate(gestes)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=120)
    assert not any(fil.is_alive() for fil in fils)
    return issues


def erreurs(issues: list[Any]) -> list[Exception]:
    return [issue for issue in issues if isinstance(issue, Exception)]


def test_two_validators_at_once_one_invoice_and_a_sentence(guichet_engage: Guichet) -> None:
    tenant = guichet_engage.tenant
    facture = make_facture(guichet_engage)
    seconde = make_acteur(tenant, "comptable", first_name="Paul", last_name="Eyenga")
    issues = ensemble(
        tenant,
        [
            lambda acteur=acteur: valider_facture(facture_id=facture.id, acteur=acteur)
            for acteur in (guichet_engage.comptable, seconde)
        ],
    )
    [refus] = erreurs(issues)
    assert isinstance(refus, Conflict)
    assert "déjà validée par " in str(refus)
    with scope(tenant.id):
        assert Invoice.objects.count() == 1
        assert FactureCaisse.objects.get().historique.filter(action="valider").count() == 1


def test_thirty_two_writers_on_one_invoice_never_collect_too_much(guichet_engage: Guichet) -> None:
    """11,500 are due; 32 collections of 1,000 at once: 11 pass, the others are told what remains."""
    tenant = guichet_engage.tenant
    facture = make_facture(guichet_engage)
    with scope(tenant.id):
        valider_facture(facture_id=facture.id, acteur=guichet_engage.comptable)

    def encaisser() -> Quittance:
        return encaisser_facture(facture_id=facture.id, paiements=[especes(1000)], acteur=guichet_engage.caissiere)

    issues = ensemble(tenant, [encaisser] * 32)
    refus = erreurs(issues)
    assert {type(error) for error in refus} == {BusinessError}
    assert {error.code for error in refus} == {"payment-exceeds-invoice"}
    assert len(refus) == 21
    with scope(tenant.id):
        numeros = sorted(Quittance.objects.values_list("numero_quittance", flat=True))
        assert [int(numero[-5:]) for numero in numeros] == list(range(1, 12))
        assert Counter.objects.get(kind="QUIT").last == 11
        facture.refresh_from_db()
        assert facture.invoice.amount_paid == Decimal(11_000)
        assert solde(guichet_engage.patient.tiers_id, "XAF") == Decimal(500)
        recu_par_ligne = dict.fromkeys(facture.invoice.lines.values_list("id", flat=True), Decimal(0))
        for part in AllocationPaiement.objects.all():
            recu_par_ligne[part.invoice_line_id] += part.montant
        ordre = facture.invoice.lines.order_by("position")
        assert [recu_par_ligne[ligne.id] for ligne in ordre] == [5000, 4500, 1500]
        assert Fait.objects.filter(type="quittance_emise").count() == 11


def test_the_same_sale_posted_eight_times_at_once_is_one_sale(guichet_engage: Guichet) -> None:
    tenant = guichet_engage.tenant

    def vendre() -> Any:
        return vendre_une_fois(
            cle="formulaire-7",
            patient_id=guichet_engage.patient.id,
            lignes=lignes("CONS-GEN"),
            paiements=[especes(5000)],
            acteur=guichet_engage.caissiere,
        )

    issues = ensemble(tenant, [vendre] * 8)
    assert erreurs(issues) == []
    assert len({issue.result_id for issue in issues}) == 1
    assert sorted(issue.replayed for issue in issues) == [False] + [True] * 7
    with scope(tenant.id):
        assert (Quittance.objects.count(), FactureCaisse.objects.count(), Invoice.objects.count()) == (1, 1, 1)


def test_the_same_collection_at_once_without_waiting_is_told_to_come_back(guichet_engage: Guichet) -> None:
    tenant = guichet_engage.tenant
    facture = make_facture(guichet_engage)

    def encaisser() -> Any:
        return encaisser_une_fois(
            cle="k", facture_id=facture.id, paiements=[especes(4000)], acteur=guichet_engage.caissiere, attendre=False
        )

    issues = ensemble(tenant, [encaisser] * 4)
    assert {error.code for error in erreurs(issues)} <= {"request-in-progress"}
    reussies = [issue for issue in issues if not isinstance(issue, Exception)]
    assert len({issue.result_id for issue in reussies}) == 1
    assert [issue.replayed for issue in reussies].count(False) == 1
    with scope(tenant.id):
        assert Quittance.objects.count() == 1


def test_two_openings_of_one_till_at_once_one_session(guichet_engage: Guichet) -> None:
    tenant = guichet_engage.tenant
    with scope(tenant.id):
        from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
        from apps.socle.actors import SYSTEM

        caisse = creer_caisse(code="C2", libelle="Caisse C2", acteur=SYSTEM)
    caissiers = [make_acteur(tenant, "caissier") for _rang in range(4)]
    issues = ensemble(
        tenant,
        [
            lambda acteur=acteur: ouvrir_session_caisse(caisse_id=caisse.id, fonds=Decimal(1000), acteur=acteur)
            for acteur in caissiers
        ],
    )
    refus = erreurs(issues)
    assert len(refus) == 3
    assert {error.code for error in refus} == {"till-already-open"}
    with scope(tenant.id):
        assert SessionCaisse.objects.filter(caisse=caisse, statut="OUVERTE").count() == 1
        assert Fait.objects.filter(type="fonds_de_caisse", lines__0__criteria__caisse="C2").count() == 1


def test_one_cashier_opening_two_tills_at_once_holds_one(guichet_engage: Guichet) -> None:
    tenant = guichet_engage.tenant
    with scope(tenant.id):
        from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
        from apps.socle.actors import SYSTEM

        caisses = [creer_caisse(code=f"C{rang}", libelle=f"Caisse {rang}", acteur=SYSTEM) for rang in (2, 3)]
    acteur = make_acteur(tenant, "caissier")

    def ouvrir(caisse: Caisse) -> SessionCaisse:
        return ouvrir_session_caisse(caisse_id=caisse.id, fonds=Decimal(0), acteur=acteur)

    issues = ensemble(tenant, [lambda caisse=caisse: ouvrir(caisse) for caisse in caisses])
    [refus] = erreurs(issues)
    assert refus.code == "cashier-already-open"
