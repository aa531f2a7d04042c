"""The pure imputation: specificity, dates, balance or pending, never a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.comptabilite.grand_livre.imputation import (
    CRITERES,
    Imputation,
    LigneDeFait,
    MotifAttente,
    Regle,
    RegleAmbigue,
    Sens,
    choisir,
    imputer,
    normaliser_criteres,
    specificite,
)
from apps.comptabilite.tests.grand_livre.regles import JOUR, JOURNAUX, lignes_de_fait, regle, regles_sans_doublon


def ligne(role: str = "reglement", montant: str = "100", **criteres: str) -> LigneDeFait:
    return LigneDeFait(role, Decimal(montant), criteres=criteres)


def test_more_criteria_win() -> None:
    large, etroite = regle(1, moyen="MOBILE"), regle(2, moyen="MOBILE", operateur="MTN")

    assert choisir([large, etroite], "fait", ligne(moyen="MOBILE", operateur="MTN"), JOUR) == etroite
    assert choisir([large, etroite], "fait", ligne(moyen="MOBILE", operateur="ORANGE"), JOUR) == large


def test_at_the_same_number_the_narrower_criterion_wins_whatever_the_order() -> None:
    par_moyen, par_caisse = regle(1, moyen="ESPECES"), regle(2, caisse="C2")

    for regles in ([par_moyen, par_caisse], [par_caisse, par_moyen]):
        assert choisir(regles, "fait", ligne(moyen="ESPECES", caisse="C2"), JOUR) == par_caisse


def test_the_order_of_criteria_sets_is_total() -> None:
    ensembles = [noms for taille in range(len(CRITERES) + 1) for noms in combinations(CRITERES, taille)]

    assert len({specificite(noms) for noms in ensembles}) == len(ensembles) == 2 ** len(CRITERES)


def test_another_role_fact_or_value_does_not_match() -> None:
    assert choisir([regle(1, role="autre")], "fait", ligne(), JOUR) is None
    assert choisir([regle(1)], "autre_fait", ligne(), JOUR) is None
    assert choisir([regle(1, moyen="CHEQUE")], "fait", ligne(moyen="ESPECES"), JOUR) is None
    assert choisir([regle(1, service="MATERNITE")], "fait", ligne(), JOUR) is None


def test_a_rule_holds_from_its_first_day_to_its_last() -> None:
    veille, lendemain = JOUR - timedelta(days=1), JOUR + timedelta(days=1)
    ancienne = Regle(UUID(int=1), "fait", "reglement", Sens.DEBIT, UUID(int=5), JOURNAUX[0], {}, valide_au=veille)
    nouvelle = Regle(
        UUID(int=2), "fait", "reglement", Sens.DEBIT, UUID(int=6), JOURNAUX[0], {}, valide_du=JOUR, valide_au=JOUR
    )

    assert choisir([ancienne, nouvelle], "fait", ligne(), veille) == ancienne
    assert choisir([ancienne, nouvelle], "fait", ligne(), JOUR) == nouvelle
    assert choisir([ancienne, nouvelle], "fait", ligne(), lendemain) is None


def test_two_rules_of_one_key_are_never_chosen_between() -> None:
    with pytest.raises(RegleAmbigue):
        choisir([regle(1, moyen="CARTE"), regle(2, moyen="CARTE")], "fait", ligne(moyen="CARTE"), JOUR)


def test_a_rate_matches_however_it_is_written() -> None:
    assert choisir([regle(1, taxe="19.25")], "fait", ligne(taxe="19.2500"), JOUR) is not None
    assert normaliser_criteres({"taxe": "20", "service": " ", "moyen": " CARTE "}) == {"taxe": "20", "moyen": "CARTE"}


def test_a_misspelt_criterion_is_refused() -> None:
    with pytest.raises(ValueError, match="moyens"):
        normaliser_criteres({"moyens": "CARTE"})


def test_a_missing_rule_posts_nothing_of_the_fact() -> None:
    resultat = imputer("fait", JOUR, [ligne(montant="100"), ligne("inconnu", "100", moyen="CARTE")], [regle(1)])

    assert resultat.ecritures == ()
    [manque] = resultat.manques
    assert (manque.motif, manque.role, manque.criteres, manque.montant) == (
        MotifAttente.SANS_REGLE,
        "inconnu",
        {"moyen": "CARTE"},
        100,
    )


def test_a_journal_that_does_not_balance_waits() -> None:
    regles = [regle(1), regle(2, role="creance", sens=Sens.CREDIT, journal=1)]

    resultat = imputer("fait", JOUR, [ligne(montant="100"), ligne("creance", "100")], regles)

    assert resultat.ecritures == ()
    assert {(manque.motif, manque.journal, manque.montant) for manque in resultat.manques} == {
        (MotifAttente.DESEQUILIBRE, JOURNAUX[0], Decimal(100)),
        (MotifAttente.DESEQUILIBRE, JOURNAUX[1], Decimal(-100)),
    }


def test_a_rule_whose_account_is_closed_makes_the_fact_wait_and_no_wider_rule_serves() -> None:
    large = regle(1, moyen="MOBILE")
    fermee = replace(regle(2, moyen="MOBILE", operateur="MTN"), utilisable=False)

    resultat = imputer("fait", JOUR, [ligne(moyen="MOBILE", operateur="MTN")], [large, fermee])

    assert resultat.ecritures == ()
    assert [manque.motif for manque in resultat.manques] == [MotifAttente.COMPTE_FERME]


def test_zero_makes_no_line_and_needs_no_rule() -> None:
    assert imputer("fait", JOUR, [ligne("inconnu", "0")], []) == Imputation()


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        imputer("fait", JOUR, [ligne(montant="-1")], [regle(1)])


@given(regles_sans_doublon(), lignes_de_fait)
def test_whatever_is_posted_balances_and_loses_nothing(regles: list[Regle], lignes: list[LigneDeFait]) -> None:
    resultat = imputer("fait", JOUR, lignes, regles)

    if resultat.manques:
        assert resultat.ecritures == ()
        return
    postees = [imputee for ecriture in resultat.ecritures for imputee in ecriture.lignes]
    assert sorted(imputee.montant for imputee in postees) == sorted(une.montant for une in lignes if une.montant)
    assert len({ecriture.journal for ecriture in resultat.ecritures}) == len(resultat.ecritures)
    for ecriture in resultat.ecritures:
        assert (
            sum(un.debit for un in ecriture.lignes) == sum(un.credit for un in ecriture.lignes) == ecriture.montant > 0
        )
        assert len(ecriture.lignes) >= 2
        assert all((un.debit > 0) != (un.credit > 0) for un in ecriture.lignes)


@given(regles_sans_doublon(), lignes_de_fait, st.randoms())
def test_the_order_of_the_rules_changes_nothing(regles: list[Regle], lignes: list[LigneDeFait], hasard: object) -> None:
    melangees = list(regles)
    hasard.shuffle(melangees)  # type: ignore[attr-defined]

    assert imputer("fait", JOUR, lignes, melangees) == imputer("fait", JOUR, lignes, regles)


@given(regles_sans_doublon(), lignes_de_fait)
def test_the_chosen_rule_is_not_beaten(regles: list[Regle], lignes: list[LigneDeFait]) -> None:
    for une in lignes:
        choisie = choisir(regles, "fait", une, JOUR)
        possibles = [r for r in regles if r.role == une.role and r.criteres.items() <= dict(une.criteres).items()]
        assert (choisie is None) == (not possibles)
        if choisie:
            assert all(len(r.criteres) <= len(choisie.criteres) for r in possibles)


@given(
    st.lists(st.tuples(st.decimals(1, 10**6, places=0), st.sampled_from(["ESPECES", "MOBILE"])), min_size=1, max_size=5)
)
def test_a_collection_balances_in_every_treasury_journal(paiements: list[tuple[Decimal, str]]) -> None:
    regles = [
        regle(1, "reglement", Sens.DEBIT, 0, moyen="ESPECES"),
        regle(2, "reglement", Sens.DEBIT, 1, moyen="MOBILE"),
        regle(3, "creance", Sens.CREDIT, 0, moyen="ESPECES"),
        regle(4, "creance", Sens.CREDIT, 1, moyen="MOBILE"),
    ]
    lignes = [
        LigneDeFait(role, montant, criteres={"moyen": moyen})
        for montant, moyen in paiements
        for role in ("reglement", "creance")
    ]

    resultat = imputer("fait", JOUR, lignes, regles)

    assert resultat.manques == ()
    assert sum(ecriture.montant for ecriture in resultat.ecritures) == sum(montant for montant, _ in paiements)
    assert len(resultat.ecritures) == len({moyen for _, moyen in paiements})
