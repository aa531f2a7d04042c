"""The payments of a receipt: one row a means, with the reference that its means demands."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.models.quittance import Quittance
from apps.organisations.base import TenantForeignKey, TenantOneToOneField, TenantOwned
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class PaiementQuittance(TenantOwned):
    """One payment of a receipt, in `devise`; for cash, what was received and given back."""

    quittance = TenantForeignKey(Quittance, verbose_name=_("quittance"), related_name="paiements")
    ordre = models.PositiveSmallIntegerField(_("ordre"))
    moyen = models.CharField(_("moyen"), max_length=20, choices=MoyenPaiement)
    montant = MoneyField(_("montant"))
    recu = MoneyField(_("reçu"), null=True, blank=True)
    rendu = MoneyField(_("rendu"), null=True, blank=True)
    devise = CurrencyField(_("devise"))

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("paiement")
        verbose_name_plural = _("paiements")
        ordering = ("quittance", "ordre")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "quittance", "ordre"],
                name="comptabilite_paiement_ordre",
                violation_error_message=_("Deux paiements ne peuvent pas avoir la même place."),
            ),
            exact_amounts("comptabilite_paiement_exact", "montant", "recu", "rendu", currency="devise"),
            models.CheckConstraint(
                condition=Q(moyen__in=MoyenPaiement.values),
                name="comptabilite_paiement_moyen",
                violation_error_message=_("Ce moyen de paiement n’existe pas."),
                violation_error_code="unknown-means",
            ),
            models.CheckConstraint(
                condition=Q(montant__gt=0),
                name="comptabilite_paiement_montant",
                violation_error_message=_("Un paiement porte un montant supérieur à zéro."),
                violation_error_code="amount-required",
            ),
            models.CheckConstraint(
                condition=Q(moyen=MoyenPaiement.ESPECES.value, rendu__gte=0, montant=F("recu") - F("rendu"))
                | (~Q(moyen=MoyenPaiement.ESPECES.value) & Q(recu=None, rendu=None)),
                name="comptabilite_paiement_especes",
                violation_error_message=_(
                    "En espèces, le reçu moins le rendu fait le montant ; ailleurs il n’y a ni l’un ni l’autre."
                ),
                violation_error_code="change-does-not-add-up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_moyen_display()} {self.ordre}"


class ReferencePaiement(TenantOwned):
    """What a payment that is not cash must say of itself."""

    class Meta:
        abstract = True


class Cheque(ReferencePaiement):
    """Source: comptabilite.md, `cheque`. Its later life (remittance, clearing, bounce) is dated by `date_encaissement`."""

    paiement = TenantOneToOneField(PaiementQuittance, verbose_name=_("paiement"), related_name="cheque")
    numero_cheque_externe = models.CharField(_("numéro du chèque"), max_length=50)
    date_emission = models.DateTimeField(_("émis le"))
    nom_banque = models.CharField(_("banque"), max_length=100)
    nom_titulaire = models.CharField(_("titulaire"), max_length=200)
    date_encaissement = models.DateTimeField(_("encaissé le"), null=True, blank=True)
    patient = TenantForeignKey("hospital.Patient", verbose_name=_("patient"), related_name="+")

    protection = Protection(living=("date_encaissement",))

    class Meta:
        verbose_name = _("chèque")
        verbose_name_plural = _("chèques")
        constraints = [
            models.CheckConstraint(
                condition=~Q(numero_cheque_externe="") & ~Q(nom_banque="") & ~Q(nom_titulaire=""),
                name="comptabilite_cheque_complet",
                violation_error_message=_("Un chèque porte un numéro, une banque et un titulaire."),
                violation_error_code="reference-required",
            )
        ]

    def __str__(self) -> str:
        return f"{self.numero_cheque_externe}, {self.nom_banque}"


class Virement(ReferencePaiement):
    """Source: comptabilite.md, `virement`."""

    paiement = TenantOneToOneField(PaiementQuittance, verbose_name=_("paiement"), related_name="virement")
    banque_emettrice = models.CharField(_("banque"), max_length=100)
    reference_virement = models.CharField(_("référence"), max_length=100)
    date_virement = models.DateField(_("date du virement"))
    compte_source = models.CharField(_("compte source"), max_length=50, blank=True)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("virement")
        verbose_name_plural = _("virements")
        constraints = [
            models.CheckConstraint(
                condition=~Q(banque_emettrice="") & ~Q(reference_virement=""),
                name="comptabilite_virement_complet",
                violation_error_message=_("Un virement porte une référence et une banque."),
                violation_error_code="reference-required",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference_virement}, {self.banque_emettrice}"


class PaiementCarte(ReferencePaiement):
    """Source: comptabilite.md, `paiement_carte`. The card's number is never held: its last four digits only."""

    paiement = TenantOneToOneField(PaiementQuittance, verbose_name=_("paiement"), related_name="carte")
    numero_carte_masque = models.CharField(_("carte"), max_length=20)
    reference_transaction = models.CharField(_("référence"), max_length=100)
    terminal_id = models.CharField(_("terminal"), max_length=50, blank=True)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("paiement par carte")
        verbose_name_plural = _("paiements par carte")
        constraints = [
            models.CheckConstraint(
                condition=Q(numero_carte_masque__regex=r"^\*{4}[0-9]{4}$"),
                name="comptabilite_carte_masquee",
                violation_error_message=_("De la carte, seuls les quatre derniers chiffres se gardent."),
                violation_error_code="card-number-refused",
            ),
            models.CheckConstraint(
                condition=~Q(reference_transaction=""),
                name="comptabilite_carte_complete",
                violation_error_message=_("Un paiement par carte porte la référence de sa transaction."),
                violation_error_code="reference-required",
            ),
            models.UniqueConstraint(
                fields=["tenant", "terminal_id", "reference_transaction"],
                name="comptabilite_carte_reference",
                violation_error_message=_("Cette transaction de carte a déjà été encaissée."),
                violation_error_code="reference-already-used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference_transaction}, {self.numero_carte_masque}"


class PaiementMobile(ReferencePaiement):
    """Source: comptabilite.md, `paiement_mobile`."""

    paiement = TenantOneToOneField(PaiementQuittance, verbose_name=_("paiement"), related_name="mobile")
    operateur = models.CharField(_("opérateur"), max_length=20, choices=OperateurMobile)
    numero_payant = models.CharField(_("numéro du payeur"), max_length=20)
    reference_transaction = models.CharField(_("référence"), max_length=100)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("paiement mobile")
        verbose_name_plural = _("paiements mobiles")
        constraints = [
            models.CheckConstraint(
                condition=Q(operateur__in=OperateurMobile.values),
                name="comptabilite_mobile_operateur",
                violation_error_message=_("Cet opérateur n’existe pas."),
                violation_error_code="unknown-operator",
            ),
            models.CheckConstraint(
                condition=~Q(reference_transaction="") & ~Q(numero_payant=""),
                name="comptabilite_mobile_complet",
                violation_error_message=_("Un paiement mobile porte sa référence et le numéro du payeur."),
                violation_error_code="reference-required",
            ),
            models.UniqueConstraint(
                fields=["tenant", "operateur", "reference_transaction"],
                name="comptabilite_mobile_reference",
                violation_error_message=_("Cette référence de paiement mobile a déjà été encaissée."),
                violation_error_code="reference-already-used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference_transaction}, {self.operateur}"


class AllocationPaiement(TenantOwned):
    """The share of a payment that settles a line of the legal invoice, in `devise`; stored, never recomputed."""

    paiement = TenantForeignKey(PaiementQuittance, verbose_name=_("paiement"), related_name="allocations")
    invoice_line = TenantForeignKey("facturation.InvoiceLine", verbose_name=_("ligne"), related_name="allocations")
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("allocation de paiement")
        verbose_name_plural = _("allocations de paiements")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "paiement", "invoice_line"],
                name="comptabilite_allocation_unique",
                violation_error_message=_("Un paiement n’est alloué qu’une fois à une ligne."),
            ),
            exact_amounts("comptabilite_allocation_exacte", "montant", currency="devise"),
            models.CheckConstraint(
                condition=Q(montant__gt=0),
                name="comptabilite_allocation_montant",
                violation_error_message=_("Une allocation porte un montant supérieur à zéro."),
                violation_error_code="amount-required",
            ),
        ]

    def __str__(self) -> str:
        return str(self.montant)
