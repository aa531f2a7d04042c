"""The cashier's invoice: a working file until it is validated, then the face of a legal invoice."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.models.regle_validation import RegleValidation
from apps.comptabilite.caisse.transitions import FACTURE_CAISSE
from apps.organisations.base import TenantForeignKey, TenantOneToOneField, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import ALL, Protection

EMISES = [StatutFacture.VALIDEE.value, StatutFacture.PAYEE.value]


class FactureCaisse(TenantOwned):
    """What a cashier charges a patient for one visit; `montant` in `devise`, what the patient owes.

    Source: comptabilite.md, `facture`. `numero_travail` (FC-) is no legal number: that one is the
    invoice's (FAC-), which exists from validation. Validated by a person (`comptable_validateur`),
    by the system under `regle`, or by the takeover actor (neither; the history names it).
    """

    numero_travail = models.CharField(_("numéro de travail"), max_length=30)
    session = TenantForeignKey("hospital.Session", verbose_name=_("passage"), related_name="factures_caisse")
    caissier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("caissier"), related_name="+")
    date_creation = models.DateTimeField(_("créée le"))
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))
    motif = models.TextField(_("motif"), blank=True)
    statut = models.CharField(_("état"), max_length=12, choices=StatutFacture, default=StatutFacture.EN_ATTENTE)
    date_validation = models.DateTimeField(_("validée ou rejetée le"), null=True, blank=True)
    commentaire_rejet = models.TextField(_("commentaire du rejet"), blank=True)
    comptable_validateur = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("comptable"), related_name="+"
    )
    regle = TenantForeignKey(RegleValidation, null=True, blank=True, verbose_name=_("règle"), related_name="+")
    invoice = TenantOneToOneField(
        "facturation.Invoice", null=True, blank=True, verbose_name=_("facture légale"), related_name="facture_caisse"
    )
    deja_rejetee = models.BooleanField(_("déjà rejetée"), default=False)

    protection = Protection(
        living=("statut",),
        living_by_state={StatutFacture.EN_ATTENTE.value: ALL, StatutFacture.REJETEE.value: ALL},
        frozen=("id", "tenant_id", "numero_travail", "session_id", "caissier_id", "date_creation", "devise"),
        state="statut",
        transitions=FACTURE_CAISSE,
    )

    class Meta:
        verbose_name = _("facture de caisse")
        verbose_name_plural = _("factures de caisse")
        ordering = ("-date_creation", "-id")
        permissions = [
            ("facturer", "Facturer un patient"),
            ("valider_facturecaisse", "Valider ou rejeter une facture de caisse"),
        ]
        indexes = [
            models.Index(fields=["tenant", "statut", "date_creation"], name="comptabilite_facture_statut"),
            models.Index(fields=["tenant", "-date_creation", "-id"], name="comptabilite_facture_date"),
        ]
        constraints = [
            FACTURE_CAISSE.check_constraint("comptabilite_facture_statut_connu"),
            exact_amounts("comptabilite_facture_exacte", "montant", currency="devise"),
            models.UniqueConstraint(
                fields=["tenant", "numero_travail"],
                name="comptabilite_facture_numero",
                violation_error_message=_("Ce numéro de travail existe déjà."),
            ),
            models.CheckConstraint(
                condition=Q(montant__gte=0),
                name="comptabilite_facture_montant",
                violation_error_message=_("Le montant d’une facture ne peut pas être négatif."),
                violation_error_code="negative-amount",
            ),
            models.CheckConstraint(
                condition=Q(statut__in=EMISES, invoice__isnull=False, date_validation__isnull=False)
                | Q(~Q(statut__in=EMISES), invoice__isnull=True, regle__isnull=True),
                name="comptabilite_facture_emise",
                violation_error_message=_("Une facture validée porte sa facture légale ; les autres n’en ont pas."),
                violation_error_code="legal-invoice-required",
            ),
            models.CheckConstraint(
                condition=Q(comptable_validateur__isnull=True) | Q(regle__isnull=True),
                name="comptabilite_facture_validateur",
                violation_error_message=_(
                    "Une facture est validée par une personne ou par une règle, pas par les deux."
                ),
                violation_error_code="validator-ambiguous",
            ),
            models.CheckConstraint(
                condition=Q(comptable_validateur__isnull=True) | ~Q(comptable_validateur=F("caissier")),
                name="comptabilite_facture_second_person",
                violation_error_message=_("Qui émet ne valide pas : une autre personne doit le faire."),
                violation_error_code="second-person-required",
            ),
            models.CheckConstraint(
                condition=~Q(statut=StatutFacture.REJETEE.value)
                | (~Q(commentaire_rejet="") & Q(deja_rejetee=True, date_validation__isnull=False)),
                name="comptabilite_facture_rejet",
                violation_error_message=_("Un rejet se dit : le commentaire est obligatoire."),
                violation_error_code="reason-required",
            ),
        ]

    def __str__(self) -> str:
        return self.numero_travail


class LigneFactureCaisse(TenantOwned):
    """One act or product: `quantite` × `prix_unitaire` = `montant`, in `devise`.

    `prix_tarif` is the tariff in force on the day of care; a line whose price differs from it waits for a
    person. Lines change only while their invoice waits or is rejected (trigger in `sql/20_caisse.sql`).
    """

    facture = TenantForeignKey(FactureCaisse, verbose_name=_("facture"), related_name="lignes")
    prestation = TenantForeignKey("hospital.Prestation", verbose_name=_("prestation"), related_name="lignes_caisse")
    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("code"), max_length=50)
    libelle = models.CharField(_("libellé"), max_length=200)
    type_recette = models.CharField(_("type de recette"), max_length=20)
    service_code = models.CharField(_("service"), max_length=20, blank=True)
    quantite = models.DecimalField(_("quantité"), max_digits=12, decimal_places=3)
    prix_tarif = MoneyField(_("prix au tarif"))
    prix_unitaire = MoneyField(_("prix unitaire"))
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))

    class Meta:
        verbose_name = _("ligne de facture de caisse")
        verbose_name_plural = _("lignes de facture de caisse")
        ordering = ("facture", "position")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "facture", "position"],
                name="comptabilite_ligne_position",
                violation_error_message=_("Deux lignes ne peuvent pas avoir la même place."),
            ),
            exact_amounts("comptabilite_ligne_exacte", "prix_tarif", "prix_unitaire", "montant", currency="devise"),
            models.CheckConstraint(
                condition=Q(quantite__gt=0, prix_tarif__gte=0, prix_unitaire__gte=0, montant__gte=0),
                name="comptabilite_ligne_montants",
                violation_error_message=_(
                    "La quantité doit être supérieure à zéro et le prix ne peut pas être négatif."
                ),
                violation_error_code="negative-amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.libelle}"

    @property
    def au_tarif(self) -> bool:
        return self.prix_unitaire == self.prix_tarif


class HistoriqueFactureCaisse(TenantOwned):
    """One step of a cashier's invoice: who, when, from and to which state, why; `avant` keeps replaced lines."""

    facture = TenantForeignKey(FactureCaisse, verbose_name=_("facture"), related_name="historique")
    action = models.CharField(_("action"), max_length=12, choices=ActionFacture)
    ancien_statut = models.CharField(_("ancien état"), max_length=12, choices=StatutFacture, blank=True)
    nouveau_statut = models.CharField(_("nouvel état"), max_length=12, choices=StatutFacture)
    acteur_type = models.CharField(_("genre d’acteur"), max_length=10)
    acteur_id = models.UUIDField(_("acteur"), null=True)
    acteur_libelle = models.CharField(_("par"), max_length=255)
    commentaire = models.TextField(_("commentaire"), blank=True)
    montant = MoneyField(_("montant"))
    avant = models.JSONField(_("lignes remplacées"), encoder=DjangoJSONEncoder, null=True, blank=True)
    le = models.DateTimeField(_("le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("historique de facture de caisse")
        verbose_name_plural = _("historiques de factures de caisse")
        ordering = ("facture", "le", "id")

    def __str__(self) -> str:
        return f"{self.action} {self.acteur_libelle}"
