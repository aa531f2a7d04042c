"""The till: tills and sessions, cashiers' invoices, receipts and means of payment."""

from apps.comptabilite.caisse.models.caisse import Caisse, SessionCaisse
from apps.comptabilite.caisse.models.facture import FactureCaisse, HistoriqueFactureCaisse, LigneFactureCaisse
from apps.comptabilite.caisse.models.paiement import (
    AllocationPaiement,
    Cheque,
    PaiementCarte,
    PaiementMobile,
    PaiementQuittance,
    Virement,
)
from apps.comptabilite.caisse.models.quittance import DuplicataQuittance, Quittance
from apps.comptabilite.caisse.models.regle_validation import RegleValidation
from apps.comptabilite.caisse.models.reprise import FichierReprise, LigneReprise, RefusReprise, RepriseCaisse

__all__ = [
    "AllocationPaiement",
    "Caisse",
    "Cheque",
    "DuplicataQuittance",
    "FactureCaisse",
    "FichierReprise",
    "HistoriqueFactureCaisse",
    "LigneFactureCaisse",
    "LigneReprise",
    "PaiementCarte",
    "PaiementMobile",
    "PaiementQuittance",
    "Quittance",
    "RefusReprise",
    "RegleValidation",
    "RepriseCaisse",
    "SessionCaisse",
    "Virement",
]
