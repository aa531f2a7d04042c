"""A counter's morning: a sale paid in all five means, its duplicate, an invoice that is rejected and one that waits."""

from __future__ import annotations

from apps.comptabilite.caisse.choices import OrigineReprise
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.tests.caisse.factories import (
    carte,
    cheque,
    especes,
    lignes,
    make_facture,
    make_guichet,
    mobile,
    virement,
)
from apps.comptabilite.tests.caisse.papier import deposer, encaissement, papier, recette, reprendre
from apps.organisations.models import Tenant


def make_specimens(tenant: Tenant) -> None:
    guichet = make_guichet(tenant)
    vente = vendre_au_comptant(
        patient_id=guichet.patient.pk,
        lignes=lignes("IM-ECH", "LB-CRP"),
        paiements=[especes(4000), mobile(5000), carte(5000), cheque(5000), virement(5000)],
        acteur=guichet.caissiere,
    )
    assert vente.quittance is not None
    reimprimer_quittance(quittance_id=vente.quittance.pk, acteur=guichet.caissiere)
    refusee = make_facture(guichet, ("IM-SCA", 1, 80_000))
    rejeter_facture(facture_id=refusee.pk, commentaire="Prix hors tarif", acteur=guichet.comptable)
    make_facture(guichet, "LB-GE")
    reprises_de_papier(tenant)


def reprises_de_papier(tenant: Tenant) -> None:
    """A paper till taken over with one row refused, and another handed over at the screen that waits."""
    reprendre(tenant, papier([recette("S1"), recette("S2", quantite=-1)], [encaissement("S1")]))
    deposer(tenant, papier([recette("S3")], []), OrigineReprise.ECRAN)
