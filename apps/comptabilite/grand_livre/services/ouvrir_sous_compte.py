"""Adding an account of the tenant's own under one of the act's."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from apps.comptabilite.grand_livre.models import CompteComptable
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError


@command
def ouvrir_sous_compte(*, parent: str, numero: str, libelle: str, acteur: Acteur) -> CompteComptable:
    """Open the account `numero` under `parent`, whose class, type and usual balance it takes.

    Raises BusinessError for a number that is taken or does not begin with its parent's, and
    CompteComptable.DoesNotExist for a parent that is not in the chart.
    """
    au_dessus = CompteComptable.objects.get(numero=parent)
    compte = CompteComptable(
        numero=numero,
        libelle=libelle,
        classe=au_dessus.classe,
        type_compte=au_dessus.type_compte,
        sens_normal=au_dessus.sens_normal,
        compte_parent=au_dessus,
        collectif=au_dessus.collectif,
    )
    try:
        compte.clean()
    except ValidationError as error:
        raise BusinessError(error.messages[0], code="account-number-invalid", field="numero") from error
    compte.save(force_insert=True)
    record("compte_ouvert", compte, acteur, new={"numero": numero})
    return compte
