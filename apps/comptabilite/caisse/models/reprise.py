"""A takeover of a paper till: the document of the import, what it took over from which row, what it refused."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import FichierPapier, IssueLigne, OrigineReprise, StatutReprise
from apps.comptabilite.caisse.models.facture import FactureCaisse
from apps.comptabilite.caisse.models.quittance import Quittance
from apps.comptabilite.caisse.transitions import REPRISE_CAISSE
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection

VIVANTES = (
    "statut", "apercu", "bilan", "total", "faits", "battement", "seance_debut", "seance_faits", "lancee_le",
    "lancee_par_id", "lancee_par_libelle", "terminee_le", "erreur", "essais",
)  # fmt: skip


class RepriseCaisse(TenantOwned):
    """One import of two files. The row is also the state of its job: no broker and no terminal is the truth.

    `apercu` is what the control found, `bilan` what was taken over: counts, and amounts in the
    tenant's currency as text. `total` and `faits` are visits to the till, planned and done;
    `battement` is when a runner last wrote. The speed is of the present run (`seance_debut`,
    `seance_faits`): a run that was cut off must not slow down the next one's forecast.
    """

    statut = models.CharField(_("état"), max_length=12, choices=StatutReprise, default=StatutReprise.DEPOSEE)
    origine = models.CharField(_("origine"), max_length=10, choices=OrigineReprise)
    nom_recettes = models.CharField(_("fichier des recettes"), max_length=255)
    nom_encaissements = models.CharField(_("fichier des encaissements"), max_length=255)
    empreinte_recettes = models.CharField(_("empreinte des recettes"), max_length=64)
    empreinte_encaissements = models.CharField(_("empreinte des encaissements"), max_length=64)
    deposee_le = models.DateTimeField(_("déposée le"), default=now)
    deposee_par_id = models.UUIDField(_("déposée par"), null=True, blank=True)
    deposee_par_libelle = models.CharField(_("déposée par"), max_length=255)
    lancee_le = models.DateTimeField(_("lancée le"), null=True, blank=True)
    lancee_par_id = models.UUIDField(_("lancée par"), null=True, blank=True)
    lancee_par_libelle = models.CharField(_("lancée par"), max_length=255, blank=True)
    terminee_le = models.DateTimeField(_("terminée le"), null=True, blank=True)
    apercu = models.JSONField(_("aperçu"), encoder=DjangoJSONEncoder, null=True, blank=True)
    bilan = models.JSONField(_("bilan"), encoder=DjangoJSONEncoder, null=True, blank=True)
    total = models.PositiveIntegerField(_("passages prévus"), default=0)
    faits = models.PositiveIntegerField(_("passages repris"), default=0)
    battement = models.DateTimeField(_("dernier signe de vie"), null=True, blank=True)
    seance_debut = models.DateTimeField(_("début de la séance"), null=True, blank=True)
    seance_faits = models.PositiveIntegerField(_("passages repris avant la séance"), default=0)
    erreur = models.TextField(_("ce qui l’a arrêtée"), blank=True)
    essais = models.PositiveSmallIntegerField(_("essais manqués"), default=0)

    protection = Protection(living=VIVANTES, state="statut", transitions=REPRISE_CAISSE)

    class Meta:
        verbose_name = _("reprise de caisse")
        verbose_name_plural = _("reprises de caisse")
        ordering = ("-deposee_le", "-id")
        permissions = [("importer_caisse", "Reprendre une caisse papier")]
        indexes = [models.Index(fields=["tenant", "-deposee_le", "-id"], name="comptabilite_reprise_date")]
        constraints = [
            REPRISE_CAISSE.check_constraint("comptabilite_reprise_statut"),
            models.CheckConstraint(
                condition=Q(statut=StatutReprise.TERMINEE.value, terminee_le__isnull=False)
                | Q(~Q(statut=StatutReprise.TERMINEE.value), terminee_le__isnull=True),
                name="comptabilite_reprise_terminee",
                violation_error_message=_("Une reprise terminée dit quand elle l’a été."),
            ),
        ]

    def __str__(self) -> str:
        return self.nom_recettes

    @property
    def vitesse(self) -> float | None:
        """Visits to the till a second in the present run, or None before the first."""
        if not (self.seance_debut and self.battement):
            return None
        secondes = (self.battement - self.seance_debut).total_seconds()
        faits = self.faits - self.seance_faits
        return faits / secondes if secondes > 0 and faits > 0 else None

    @property
    def secondes_restantes(self) -> float | None:
        """Seconds that remain at the present speed, or None when it is not known."""
        vitesse = self.vitesse
        return (self.total - self.faits) / vitesse if vitesse else None


class FichierReprise(TenantOwned):
    """What a file said, from its deposit to the end of its takeover; card numbers are gone before it is written."""

    reprise = TenantForeignKey(RepriseCaisse, verbose_name=_("reprise"), related_name="fichiers")
    fichier = models.CharField(_("fichier"), max_length=15, choices=FichierPapier)
    contenu = models.BinaryField(_("contenu"))

    class Meta:
        verbose_name = _("fichier de reprise")
        verbose_name_plural = _("fichiers de reprise")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "reprise", "fichier"],
                name="comptabilite_fichier_reprise",
                violation_error_message=_("Une reprise a un seul fichier de chaque sorte."),
            )
        ]

    def __str__(self) -> str:
        return self.get_fichier_display()


class LigneReprise(TenantOwned):
    """A row that was taken over: where it stood, what it said (`donnees`, as it was written) and what it became.

    `empreinte` is what makes the same row of the same receipt go in once, whatever file brings it.
    `genre` is the type of revenue or the means of payment.
    """

    reprise = TenantForeignKey(RepriseCaisse, verbose_name=_("reprise"), related_name="lignes")
    fichier = models.CharField(_("fichier"), max_length=15, choices=FichierPapier)
    ligne = models.PositiveIntegerField(_("ligne"))
    recu = models.CharField(_("reçu papier"), max_length=50)
    empreinte = models.CharField(_("empreinte"), max_length=64)
    jour = models.DateField(_("jour"))
    genre = models.CharField(_("genre"), max_length=20)
    montant = MoneyField(_("montant"))
    devise = CurrencyField(_("devise"))
    facture = TenantForeignKey(FactureCaisse, verbose_name=_("facture"), related_name="lignes_reprises")
    quittance = TenantForeignKey(
        Quittance, null=True, blank=True, verbose_name=_("quittance"), related_name="lignes_reprises"
    )
    donnees = models.JSONField(_("ce que dit le papier"))

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("ligne reprise")
        verbose_name_plural = _("lignes reprises")
        ordering = ("reprise", "fichier", "ligne")
        indexes = [models.Index(fields=["tenant", "recu"], name="comptabilite_ligne_reprise_rec")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "empreinte"],
                name="comptabilite_ligne_reprise_une",
                violation_error_message=_("Cette ligne du papier est déjà reprise."),
                violation_error_code="already-taken-over",
            ),
            exact_amounts("comptabilite_ligne_reprise_exacte", "montant", currency="devise"),
            models.CheckConstraint(
                condition=Q(fichier=FichierPapier.RECETTES.value, quittance__isnull=True)
                | Q(fichier=FichierPapier.ENCAISSEMENTS.value, quittance__isnull=False),
                name="comptabilite_ligne_reprise_quittance",
                violation_error_message=_("Un encaissement repris a sa quittance, une recette n’en a pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fichier} {self.ligne}"


class RefusReprise(TenantOwned):
    """A row of which the report speaks: its place, its column, what it said (shortened, never a card number), why."""

    reprise = TenantForeignKey(RepriseCaisse, verbose_name=_("reprise"), related_name="refus")
    fichier = models.CharField(_("fichier"), max_length=15, choices=FichierPapier)
    ligne = models.PositiveIntegerField(_("ligne"))
    issue = models.CharField(_("issue"), max_length=15, choices=IssueLigne)
    recu = models.CharField(_("reçu papier"), max_length=50, blank=True)
    colonne = models.CharField(_("colonne"), max_length=30, blank=True)
    valeur = models.CharField(_("valeur"), max_length=100, blank=True)
    motif = models.TextField(_("motif"))
    code = models.CharField(_("code"), max_length=50)

    class Meta:
        verbose_name = _("ligne refusée")
        verbose_name_plural = _("lignes refusées")
        ordering = ("reprise", "-fichier", "ligne")
        indexes = [models.Index(fields=["tenant", "recu"], name="comptabilite_refus_recu")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "reprise", "fichier", "ligne"],
                name="comptabilite_refus_une_fois",
                violation_error_message=_("Le rapport ne dit qu’une chose d’une ligne."),
            ),
            models.CheckConstraint(
                condition=Q(issue__in=IssueLigne.values),
                name="comptabilite_refus_issue",
                violation_error_message=_("Cette issue n’existe pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fichier} {self.ligne}"
