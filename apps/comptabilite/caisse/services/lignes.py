"""The lines of a cashier's invoice, from what hospital recorded as given."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.contexte import controler_montant
from apps.comptabilite.caisse.models import FactureCaisse, LigneFactureCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie
from apps.hospital.models import Prestation, Service
from apps.hospital.services import LigneDemandee, ajouter_prestations, corriger_prestation, retirer_prestations
from apps.socle.actors import Acteur
from apps.socle.errors import BusinessError
from apps.socle.money import plain
from apps.socle.unit_of_work import insert_as_born, insert_later, know, once, write_waiting

LIGNES_MAXIMUM = 200


def ajouter_lignes(facture: FactureCaisse, saisies: Sequence[LigneSaisie], moment: datetime, acteur: Acteur) -> None:
    """Record the prestations of `saisies` at `moment`, write one line each and the invoice's total.

    Raises BusinessError for no line or too many, and as hospital does for a code, a quantity or a price.
    """
    controler_lignes(saisies)
    _ecrire(facture, _nouvelles(facture, saisies, moment, acteur))


def remplacer_lignes(
    facture: FactureCaisse, saisies: Sequence[LigneSaisie], moment: datetime, acteur: Acteur
) -> list[dict[str, Any]]:
    """Put `saisies` in the place of the lines of `facture` and return what these said; raises as `ajouter_lignes`.

    A line whose code was there keeps its prestation, corrected; what is added is recorded at `moment`,
    what is no longer there is withdrawn.
    """
    controler_lignes(saisies)
    write_waiting()
    anciennes = list(facture.lignes.order_by("position"))
    LigneFactureCaisse.objects.filter(facture=facture).delete()
    libres = defaultdict(list)
    for ligne in anciennes:
        libres[ligne.code].append(ligne.prestation_id)
    gardees = {rang: libres[code].pop(0) for rang, code in enumerate(map(_code, saisies)) if libres[code]}
    retirees = [prestation for reste in libres.values() for prestation in reste]
    if retirees:
        retirer_prestations(prestations=retirees, acteur=acteur)
    ajoutees = iter(_nouvelles(facture, [x for rang, x in enumerate(saisies) if rang not in gardees], moment, acteur))
    _ecrire(
        facture,
        [
            _corrigee(gardees[rang], saisie, acteur) if rang in gardees else next(ajoutees)
            for rang, saisie in enumerate(saisies)
        ],
    )
    return lignes_en_clair(anciennes)


def cle_des_lignes(facture: FactureCaisse) -> tuple[str, uuid.UUID]:
    return "lines of the cashier's invoice", facture.pk


def lignes_de(facture: FactureCaisse) -> list[LigneFactureCaisse]:
    """Return the lines of `facture` (locked) by position, read once a command."""
    return once(cle_des_lignes(facture), lambda: list(facture.lignes.order_by("position")))


def controler_lignes(saisies: Sequence[LigneSaisie]) -> None:
    """Raise BusinessError unless there is a line, and not more than a paper bears."""
    if not saisies:
        raise BusinessError(_("Ajoutez au moins un acte ou un produit."), code="no-lines", field="lignes")
    if len(saisies) > LIGNES_MAXIMUM:
        message = _("Une facture porte au plus %d lignes.") % LIGNES_MAXIMUM
        raise BusinessError(message, code="too-many-lines", field="lignes")


def _code(saisie: LigneSaisie) -> str:
    return saisie.code.strip().upper()


def _nouvelles(
    facture: FactureCaisse, saisies: Sequence[LigneSaisie], moment: datetime, acteur: Acteur
) -> list[Prestation]:
    if not saisies:
        return []
    demandes = [LigneDemandee(x.code, x.quantite, x.prix, x.libelle, x.type_recette) for x in saisies]
    return ajouter_prestations(session_id=facture.session_id, lignes=demandes, date=moment, acteur=acteur)


def _corrigee(prestation_id: uuid.UUID, saisie: LigneSaisie, acteur: Acteur) -> Prestation:
    return corriger_prestation(prestation_id=prestation_id, quantite=saisie.quantite, prix=saisie.prix, acteur=acteur)


def _ecrire(facture: FactureCaisse, prestations: Sequence[Prestation]) -> None:
    services = once(("services",), lambda: Service.objects.in_bulk())
    lignes = [_ligne(facture, position, prestation) for position, prestation in enumerate(prestations, 1)]
    for ligne, prestation in zip(lignes, prestations, strict=True):
        ligne.service_code = services[prestation.service_id].code if prestation.service_id in services else ""
    facture.montant = sum((ligne.montant for ligne in lignes), Decimal(0))
    controler_montant(facture.montant, facture.devise, "lignes")
    if facture._state.adding:
        insert_as_born(facture)
    else:
        facture.save(update_fields=["montant"])
    for ligne in lignes:
        insert_later(ligne)
    know(cle_des_lignes(facture), lignes)


def _ligne(facture: FactureCaisse, position: int, prestation: Prestation) -> LigneFactureCaisse:
    return LigneFactureCaisse(
        tenant_id=facture.tenant_id,
        facture=facture,
        prestation=prestation,
        position=position,
        code=prestation.code_prestation,
        libelle=prestation.libelle,
        type_recette=prestation.type_recette,
        quantite=prestation.quantite,
        prix_tarif=prestation.tarif_montant,
        prix_unitaire=prestation.montant_unitaire,
        montant=prestation.montant_total,
        devise=facture.devise,
    )


def lignes_en_clair(lignes: Sequence[LigneFactureCaisse]) -> list[dict[str, Any]]:
    """Return the lines as the history keeps them once replaced; amounts as text."""
    return [
        {
            "code": ligne.code,
            "libelle": ligne.libelle,
            "quantite": plain(ligne.quantite),
            "prix_tarif": plain(ligne.prix_tarif),
            "prix_unitaire": plain(ligne.prix_unitaire),
            "montant": plain(ligne.montant),
        }
        for ligne in lignes
    ]
