"""A receipt on paper: its snapshot, its link in the chain, its rank when it is a reprint. Reads only."""

from __future__ import annotations

from apps.comptabilite.caisse.documents.quittance import Duplicata, Preuve, rendre_quittance
from apps.comptabilite.caisse.models import DuplicataQuittance, Quittance
from apps.fiscal.selectors import entries_of_source


def pdf_de_quittance(quittance: Quittance, duplicata: DuplicataQuittance | None = None) -> bytes:
    """Return the A5 PDF of `quittance`, as the original or as `duplicata` (`reimprimer_quittance` makes it)."""
    exemplaire = duplicata and Duplicata(duplicata.rang, duplicata.imprime_le, duplicata.imprime_par_libelle)
    return rendre_quittance(quittance.donnees, preuve_de(quittance), exemplaire)


def preuve_de(quittance: Quittance) -> Preuve | None:
    """Return the receipt's link in the tenant's chain; its chain hash binds every link before it to the paper too."""
    maillon = entries_of_source(quittance._meta.label, quittance.id).first()
    return Preuve(maillon.sequence_number, maillon.chain_hash) if maillon else None
