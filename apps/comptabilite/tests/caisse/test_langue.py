"""What an English screen writes is what a French one writes: entries, movements, receipts and links are the house's."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.utils import translation
from pypdf import PdfReader

from apps.comptabilite.caisse.documents.quittance import rendre_quittance
from apps.comptabilite.caisse.models import Caisse, Quittance
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.grand_livre.models import Ecriture, LigneEcriture
from apps.comptabilite.tests.caisse.exemples import donnees
from apps.comptabilite.tests.caisse.factories import carte, cheque, especes, lignes, make_guichet, mobile, virement
from apps.facturation.models import InvoiceLine
from apps.fiscal.models import FiscalEntry
from apps.hospital.models import Service
from apps.mouvements.models import MouvementFinancier
from apps.organisations.models import Role, Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.models import Fait
from apps.socle.scope import scope


def ecrits(langue: str) -> dict[str, list[Any]]:
    """Return every label that a new hospital's first day leaves behind, its screens speaking `langue`."""
    with translation.override(langue):
        tenant = make_tenant(slug=f"hopital-{langue}", name="Hôpital Sainte-Odile")
        guichet = make_guichet(tenant)
        with scope(tenant.id):
            Tenant.objects.filter(pk=tenant.pk).update(cash_rounding=5)
            vendre_au_comptant(
                patient_id=guichet.patient.id,
                lignes=lignes("CONS-GEN", "LB-NFS", ("LB-GE", Decimal("0.451"))),
                paiements=[mobile(1000), cheque(1000), virement(1000), carte(1000), especes(6400)],
                acteur=guichet.caissiere,
            )
            fermer_session_caisse(
                session_caisse_id=guichet.session.id,
                compte=Decimal(56_000),
                acteur=guichet.caissiere,
                motif_ecart="oubli",
            )
            return releve()


def releve() -> dict[str, list[Any]]:
    colonnes = {
        "caisses": Caisse.objects.values_list("libelle"),
        "services": Service.objects.values_list("nom"),
        "faits": Fait.objects.values_list("lines"),
        "ecritures": Ecriture.objects.values_list("libelle"),
        "lignes": LigneEcriture.objects.values_list("libelle"),
        "mouvements": MouvementFinancier.objects.values_list("motif"),
        "factures": InvoiceLine.objects.values_list("description", "exemption"),
        "quittances": Quittance.objects.values_list("donnees__paiements", "donnees__hopital"),
        "chaine": FiscalEntry.objects.values_list("data_snapshot__fact__lines"),
    }
    return {nom: sorted(map(str, lignes_)) for nom, lignes_ in colonnes.items()}


@pytest.mark.django_db
def test_the_language_of_a_screen_changes_nothing_that_is_written() -> None:
    francais, anglais = ecrits("fr"), ecrits("en")
    assert all(francais.values())
    assert anglais == francais
    assert "Règlement" in str(anglais["mouvements"])
    assert "Manquant de caisse" in str(anglais["ecritures"])
    assert "Arrondi des espèces" in str(anglais["factures"])


def test_the_paper_is_the_same() -> None:
    textes = []
    for langue in ("fr", "en"):
        with translation.override(langue):
            pdf = PdfReader(BytesIO(rendre_quittance(donnees())))
        textes.append("".join(page.extract_text() for page in pdf.pages))
    assert textes[0] == textes[1]
    assert "Arrêtée la présente quittance" in textes[0]


@pytest.mark.django_db
def test_roles_are_kept_in_french_and_said_in_the_readers_language() -> None:
    with translation.override("en"):
        caissier = Role.objects.get(name="caissier")
        assert (caissier.label, str(caissier)) == ("Caissier", "Cashier")
