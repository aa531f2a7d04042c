"""Imputation rules and lines of facts, named or drawn at random."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from apps.comptabilite.grand_livre.imputation import CRITERES, LigneDeFait, Regle, Sens

JOUR = date(2026, 10, 2)
JOURNAUX = [UUID(int=900 + n) for n in range(3)]


def regle(numero: int, role: str = "reglement", sens: Sens = Sens.DEBIT, journal: int = 0, **criteres: str) -> Regle:
    return Regle(UUID(int=numero), "fait", role, sens, UUID(int=100 + numero), JOURNAUX[journal], criteres)


VALEURS = ("A", "A", "A", "B")
"""Of criteria: mostly one, so that several rules accept a line."""
ROLES = ("reglement", "creance", "produit")


@st.composite
def regles_sans_doublon(draw: st.DrawFn) -> list[Regle]:
    cles = draw(
        st.lists(
            st.tuples(
                st.sampled_from(ROLES), st.dictionaries(st.sampled_from(CRITERES), st.sampled_from(VALEURS), max_size=4)
            ),
            max_size=25,
            unique_by=lambda cle: (cle[0], tuple(sorted(cle[1].items()))),
        )
    )
    sens, journaux = st.sampled_from(list(Sens)), st.integers(0, len(JOURNAUX) - 1)
    return [regle(n, role, draw(sens), draw(journaux), **criteres) for n, (role, criteres) in enumerate(cles)]


lignes_de_fait = st.lists(
    st.builds(
        lambda role, montant, criteres: LigneDeFait(role, montant, "", criteres),
        st.sampled_from(ROLES),
        st.decimals(0, 10**9, places=0),
        st.dictionaries(st.sampled_from(CRITERES), st.sampled_from(VALEURS), min_size=4, max_size=7),
    ),
    max_size=8,
)
