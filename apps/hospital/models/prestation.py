"""Something done for a patient during a visit, at its price of the day."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from apps.hospital.choices import StatutPrestation, TypeRecette
from apps.hospital.transitions import PRESTATION_TRANSITIONS
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.fields import CurrencyField, MoneyField, decimals_of, exact_amounts
from apps.socle.immutability import Protection


class Prestation(TenantOwned):
    """An act, exam or product given. Amounts in `devise`; total = quantity × unit price, rounded to it.

    `tarif_montant` is the tariff in force that day, kept beside the price that was asked. `user`
    is who recorded it, None for the system and the takeover. Source: assurance.md, `prestations`;
    the hospital is its tenant's, the sinistre is reached by the stay. Frozen once invoiced.
    """

    session = TenantForeignKey("hospital.Session", related_name="prestations", verbose_name=_("visite"))
    service = TenantForeignKey("hospital.Service", null=True, blank=True, related_name="+", verbose_name=_("service"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("enregistrée par"),
    )
    code_prestation = models.CharField(_("code"), max_length=50)
    libelle = models.CharField(_("libellé"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    type_recette = models.CharField(_("type de recette"), max_length=20, choices=TypeRecette)
    quantite = models.DecimalField(_("quantité"), max_digits=12, decimal_places=3)
    tarif_montant = MoneyField(_("tarif"))
    montant_unitaire = MoneyField(_("prix unitaire"))
    montant_total = MoneyField(_("total"))
    devise = CurrencyField(_("devise"))
    date_prestation = models.DateTimeField(_("date"))
    statut = models.CharField(_("état"), max_length=20, choices=StatutPrestation, default=StatutPrestation.PENDING)
    invoice_line = TenantForeignKey(
        "facturation.InvoiceLine",
        null=True,
        blank=True,
        editable=False,
        related_name="prestations",
        verbose_name=_("ligne de facture"),
    )

    protection = Protection(
        state="statut",
        transitions=PRESTATION_TRANSITIONS,
        living_by_state={
            StatutPrestation.PENDING.value: (
                *("quantite", "montant_unitaire", "montant_total", "description"),
                *("statut", "invoice_line_id"),
            ),
            StatutPrestation.VALIDATED.value: ("statut", "invoice_line_id"),
        },
        deletable_states=(StatutPrestation.PENDING.value,),
    )

    class Meta:
        verbose_name = _("prestation")
        verbose_name_plural = _("prestations")
        ordering = ["date_prestation", "id"]
        permissions = [("valider_prestation", "Confirmer que les soins ont été donnés")]
        indexes = [models.Index(fields=["tenant", "statut", "date_prestation"], name="hospital_prestation_statut")]
        constraints = [
            PRESTATION_TRANSITIONS.check_constraint("hospital_prestation_etat"),
            models.CheckConstraint(
                condition=models.Q(statut=StatutPrestation.INVOICED.value, invoice_line__isnull=False)
                | (~models.Q(statut=StatutPrestation.INVOICED.value) & models.Q(invoice_line=None)),
                name="hospital_prestation_facturee",
                violation_error_message=_("Une prestation facturée nomme sa ligne de facture, une autre n’en a pas."),
                violation_error_code="care-invoice-line",
            ),
            models.CheckConstraint(
                condition=models.Q(quantite__gt=0),
                name="hospital_prestation_quantite",
                violation_error_message=_("La quantité est supérieure à zéro."),
                violation_error_code="quantity-not-positive",
            ),
            models.CheckConstraint(
                condition=models.Q(montant_unitaire__gte=0, tarif_montant__gte=0),
                name="hospital_prestation_prix",
                violation_error_message=_("Un prix n’est pas négatif."),
                violation_error_code="amount-negative",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    montant_total=Round(
                        models.F("quantite") * models.F("montant_unitaire"), precision=decimals_of("devise")
                    )
                ),
                name="hospital_prestation_total",
                violation_error_message=_("Le total n’est pas la quantité multipliée par le prix."),
                violation_error_code="total-wrong",
            ),
            exact_amounts("hospital_prestation_exact", "montant_unitaire", currency="devise"),
        ]

    def __str__(self) -> str:
        return f"{self.code_prestation} {self.libelle}"

    @property
    def au_tarif(self) -> bool:
        """Tell whether the price asked is the tariff's."""
        return self.montant_unitaire == self.tarif_montant
