"""The balance and an account's ledger, from totals; they agree with the lines and with each other."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from apps.comptabilite.grand_livre.models import LigneEcriture
from apps.comptabilite.grand_livre.selectors import balance, centralisation, grand_livre
from apps.comptabilite.grand_livre.selectors.balance import LigneBalance
from apps.comptabilite.grand_livre.services.ouvrir_exercice import assurer_exercice
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, compte, facture, quittance
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.scope import scope

pytestmark = pytest.mark.database

ANNEE = aujourd_hui().year


def lignes_de(debut: date, fin: date, **valeurs: object) -> dict[str, LigneBalance]:
    return {ligne.numero: ligne for ligne in balance(debut, fin, devise="XAF", **valeurs).lignes}


def test_opening_movements_closing(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5000), le=date(ANNEE, 3, 30))
    quittance(("ESPECES", 2000), le=date(ANNEE, 3, 31))
    facture(("LABORATOIRE", 700), le=date(ANNEE, 4, 1))
    quittance(("MTN", 3500), le=date(ANNEE, 4, 30))
    facture(("CONSULTATION", 9999), le=date(ANNEE, 5, 1))

    avril = lignes_de(date(ANNEE, 4, 1), date(ANNEE, 4, 30))

    def colonnes(numero: str) -> list[int]:
        ligne = avril[numero]
        return [
            int(getattr(ligne, c))
            for c in (
                "ouverture_debit",
                "ouverture_credit",
                "mouvement_debit",
                "mouvement_credit",
                "cloture_debit",
                "cloture_credit",
            )
        ]

    assert colonnes("4111") == [3000, 0, 700, 3500, 200, 0]
    assert colonnes("5711") == [2000, 0, 0, 0, 2000, 0]
    assert colonnes("5521") == [0, 0, 3500, 0, 3500, 0]
    assert colonnes("70611") == [0, 5000, 0, 0, 0, 5000]
    assert colonnes("70613") == [0, 0, 0, 700, 0, 700]
    assert colonnes("5") == [2000, 0, 3500, 0, 5500, 0], "a heading sums its accounts"
    assert colonnes("706") == [0, 5000, 0, 700, 0, 5700]
    assert "6" not in avril
    totale = balance(date(ANNEE, 4, 1), date(ANNEE, 4, 30), devise="XAF")
    assert totale.est_equilibree
    assert (totale.total.ouverture_debit, totale.total.mouvement_debit, totale.total.cloture_debit) == (
        5000,
        4200,
        5700,
    )


def test_headings_come_before_their_accounts(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5000))

    numeros = [ligne.numero for ligne in balance(aujourd_hui(), aujourd_hui(), devise="XAF").lignes]

    assert numeros == ["4", "41", "411", "4111", "7", "70", "706", "7061", "70611"]


def test_revenue_begins_each_exercise_at_zero_and_the_columns_still_agree(tenant: Tenant) -> None:
    assurer_exercice(jour=date(ANNEE - 1, 1, 1), acteur=SYSTEM)
    facture(("CONSULTATION", 5000), le=date(ANNEE - 1, 6, 1))
    facture(("CONSULTATION", 300), le=date(ANNEE, 1, 10))

    lignes = lignes_de(date(ANNEE, 2, 1), date(ANNEE, 2, 28))

    assert lignes["70611"].ouverture_credit == 300
    assert lignes["4111"].ouverture_debit == 5300
    assert lignes["13"].ouverture_credit == lignes["13"].cloture_credit == 5000
    assert balance(date(ANNEE, 2, 1), date(ANNEE, 2, 28), devise="XAF").est_equilibree


def test_a_till_in_credit_is_an_anomaly(tenant: Tenant) -> None:
    from apps.comptabilite.tests.grand_livre.factories import publier

    publier(type_fait="manquant_de_caisse", lignes=[("ecart", 50, {}), ("caisse", 50, {"caisse": "C1"})], acteur=SYSTEM)

    lignes = lignes_de(aujourd_hui(), aujourd_hui())
    assert lignes["5711"].anormale
    assert not lignes["6588"].anormale
    assert not lignes["57"].anormale, "only accounts, not headings"


def test_the_balance_equals_the_lines(tenant: Tenant, comptable: Acteur) -> None:
    hasard = random.Random(7)
    for _ in range(40):
        le = date(ANNEE, 2, 1) + timedelta(days=hasard.randrange(80))
        if hasard.random() < 0.6:
            facture(
                *[(hasard.choice(["CONSULTATION", "IMAGERIE"]), hasard.randrange(1, 9000)) for _ in range(3)], le=le
            )
        else:
            quittance((hasard.choice(["ESPECES", "ORANGE", "CARTE"]), hasard.randrange(1, 9000)), le=le)
    debut, fin = date(ANNEE, 3, 1), date(ANNEE, 3, 31)

    for ligne in balance(debut, fin, devise="XAF").lignes:
        du_compte = LigneEcriture.objects.filter(compte__numero__startswith=ligne.numero)
        mois = du_compte.filter(jour__range=(debut, fin)).aggregate(
            d=Sum("montant_debit", default=0), c=Sum("montant_credit", default=0)
        )
        assert (ligne.mouvement_debit, ligne.mouvement_credit) == (mois["d"], mois["c"]), ligne.numero
        fin_de_mois = du_compte.filter(jour__lte=fin).aggregate(
            s=Sum("montant_debit", default=0) - Sum("montant_credit", default=0)
        )["s"]
        assert ligne.cloture_debit - ligne.cloture_credit == fin_de_mois


@pytest.mark.parametrize("par_page", [1, 3, 7, 50])
def test_pages_of_a_ledger_run_on(tenant: Tenant, par_page: int) -> None:
    hasard = random.Random(par_page)
    facture(("CONSULTATION", 5000), le=date(ANNEE, 1, 5))
    for jour in range(1, 11):
        for _ in range(hasard.randrange(4)):
            facture(("CONSULTATION", hasard.randrange(1, 900)), le=date(ANNEE, 2, jour))
            quittance(("ESPECES", hasard.randrange(1, 900)), le=date(ANNEE, 2, jour))
    client, debut, fin = compte("4111"), date(ANNEE, 2, 1), date(ANNEE, 2, 28)

    premiere = grand_livre(client, debut, fin, devise="XAF", par_page=par_page)
    solde, vues = premiere.ouverture, []
    for numero in range(1, premiere.pages + 1):
        page = grand_livre(client, debut, fin, devise="XAF", page=numero, par_page=par_page)
        assert page.report == solde
        for ligne in page.lignes:
            solde += ligne.ligne.montant_debit - ligne.ligne.montant_credit
            assert ligne.solde == solde
            vues.append(ligne.ligne.id)

    attendues = LigneEcriture.objects.filter(compte=client, jour__range=(debut, fin)).order_by(
        "jour", "ecriture_id", "ordre"
    )
    assert vues == [ligne.id for ligne in attendues]
    assert premiere.nombre == len(vues) > 10
    assert premiere.ouverture == 5000
    assert premiere.cloture == solde
    assert premiere.debit - premiere.credit == solde - 5000


def test_a_page_past_the_last_is_the_last_and_an_empty_ledger_has_one(tenant: Tenant) -> None:
    jour = aujourd_hui()
    vide = grand_livre(compte("4111"), jour, jour, devise="XAF", page=9)
    assert (vide.page, vide.pages, vide.lignes, vide.ouverture, vide.report) == (1, 1, [], 0, 0)

    facture(("CONSULTATION", 100))
    assert len(grand_livre(compte("4111"), jour, jour, devise="XAF", page=9).lignes) == 1


def test_the_ledger_of_a_heading_holds_its_accounts(tenant: Tenant) -> None:
    facture(("CONSULTATION", 100), ("LABORATOIRE", 50))
    jour = aujourd_hui()

    livre = grand_livre(compte("706"), jour, jour, devise="XAF")

    assert [ligne.ligne.compte.numero for ligne in livre.lignes] == ["70611", "70613"]
    assert livre.cloture == -150


def test_ledgers_keep_to_the_wanted_states(tenant: Tenant, comptable: Acteur) -> None:
    from apps.comptabilite.grand_livre.models import Ecriture

    facture(("CONSULTATION", 100))
    valider_ecritures(ids=list(Ecriture.objects.values_list("id", flat=True)), acteur=comptable)
    facture(("CONSULTATION", 40))
    jour = aujourd_hui()

    assert grand_livre(compte("4111"), jour, jour, devise="XAF", statuts=("VALIDEE",)).cloture == 100
    assert grand_livre(compte("4111"), jour, jour, devise="XAF").cloture == 140


def test_another_tenant_s_books_are_its_own(tenant: Tenant) -> None:
    voisin = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    facture(("CONSULTATION", 100))
    with scope(voisin.id):
        assert balance(aujourd_hui(), aujourd_hui(), devise="XAF").lignes == []
        assert grand_livre(compte("4111"), aujourd_hui(), aujourd_hui(), devise="XAF").nombre == 0


def test_journals_by_month(tenant: Tenant) -> None:
    facture(("CONSULTATION", 100), le=date(ANNEE, 2, 3))
    facture(("CONSULTATION", 200), le=date(ANNEE, 2, 28))
    quittance(("ESPECES", 50), ("MTN", 25), le=date(ANNEE, 3, 1))

    assert [
        (c.mois, c.code, c.nombre, int(c.montant)) for c in centralisation(date(ANNEE, 1, 1), date(ANNEE, 12, 31))
    ] == [
        (date(ANNEE, 2, 1), "VT", 2, 300),
        (date(ANNEE, 3, 1), "CA", 1, 50),
        (date(ANNEE, 3, 1), "MM", 1, 25),
    ]


def requetes(appel: object) -> int:
    with CaptureQueriesContext(
        connection,
    ) as capture:
        appel()  # type: ignore[operator]
    return len(capture)


def test_a_balance_and_a_ledger_cost_the_same_for_one_line_or_fifty(tenant: Tenant) -> None:
    jour, client = aujourd_hui(), compte("4111")
    facture(("CONSULTATION", 100))

    def lire_balance() -> None:
        balance(jour, jour, devise="XAF")

    def lire_grand_livre() -> None:
        for ligne in grand_livre(client, jour, jour, devise="XAF").lignes:
            assert ligne.ligne.ecriture.journal.code
            assert ligne.ligne.compte.numero

    une = requetes(lire_balance), requetes(lire_grand_livre)
    for _ in range(49):
        facture(("CONSULTATION", 100), ("LABORATOIRE", 5), ("PHARMACIE", 6))

    assert (requetes(lire_balance), requetes(lire_grand_livre)) == une
    assert une == (4, 4)
    assert grand_livre(client, jour, jour, devise="XAF").nombre == 50


def test_decimals_of_the_sums_are_exact(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5), devise="EUR")

    total = balance(aujourd_hui(), aujourd_hui(), devise="EUR").total

    assert total.mouvement_debit == Decimal("5")
    assert isinstance(total.mouvement_debit, Decimal)
