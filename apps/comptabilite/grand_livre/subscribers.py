"""What the ledger does when it hears of a fact."""

from __future__ import annotations

from apps.comptabilite.grand_livre.services.comptabiliser import imputer_fait, mettre_en_attente, poster
from apps.socle.facts import PublishedFact


def comptabiliser_fait(fait: PublishedFact) -> None:
    """Post `fait` in the producer's transaction, or keep it for the accountant; never to a guess.

    A fact that is not about money, or of zero, makes no entry. Raises IntegrityError where the
    ledger refuses (closed period), and then nothing of the producer's work is written.
    """
    if not fait.declaration.money or fait.is_zero:
        return
    imputation = imputer_fait(fait)
    if imputation.manques:
        mettre_en_attente(fait, imputation.manques)
    else:
        poster(fait, imputation.ecritures)
