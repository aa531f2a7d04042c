"""A patient, and the words by which a cashier finds them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.hospital.choices import Sexe
from apps.organisations.base import TenantForeignKey, TenantOneToOneField, TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection
from apps.socle.words import visible_words


class Patient(TenantOwned):
    """A person cared for here; `tiers` is the same person as the accounts know them.

    `numero` stands on every paper and never changes. `rang` is the integer in a number of our own
    form (PAT-00412 → 412), None for a paper file's number of another form. `cle_recherche` sorts
    and ranks; it is computed from the names (`apps.socle.search`), in byte order.
    """

    tiers = TenantOneToOneField("organisations.Tiers", related_name="patient", editable=False)
    numero = models.CharField(_("numéro"), max_length=20, editable=False)
    rang = models.PositiveBigIntegerField(null=True, editable=False)
    nom = models.CharField(_("nom"), max_length=120)
    prenom = models.CharField(_("prénom"), max_length=120, blank=True)
    sexe = models.CharField(_("sexe"), max_length=10, choices=Sexe, blank=True)
    date_naissance = models.DateField(_("date de naissance"), null=True, blank=True)
    telephone = models.CharField(_("téléphone"), max_length=20, blank=True)
    cle_recherche = models.CharField(max_length=255, db_collation="C", editable=False)
    cree_le = models.DateTimeField(_("enregistré le"), default=now, editable=False)

    protection = Protection(
        living=("nom", "prenom", "sexe", "date_naissance", "telephone", "cle_recherche"),
    )

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["cle_recherche", "id"]
        indexes = [models.Index(fields=["tenant", "cle_recherche", "id"], name="hospital_patient_tri")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "numero"],
                name="hospital_patient_numero",
                violation_error_message=_("Ce numéro désigne déjà un patient."),
                violation_error_code="patient-number-taken",
            ),
            models.UniqueConstraint(
                fields=["tenant", "rang"],
                name="hospital_patient_rang",
                violation_error_message=_("Ce numéro désigne déjà un patient."),
                violation_error_code="patient-number-taken",
            ),
            models.CheckConstraint(
                condition=~models.Q(nom=""),
                name="hospital_patient_nom",
                violation_error_message=_("Le nom est obligatoire."),
                violation_error_code="name-missing",
            ),
            visible_words("hospital_patient_visible", "nom", "prenom", "telephone", "numero"),
        ]

    def __str__(self) -> str:
        return f"{self.numero} {self.nom_complet}"

    @property
    def nom_complet(self) -> str:
        """Return the name as it is printed: `Fotso Gaël`, or one word."""
        return f"{self.nom} {self.prenom}".strip()


class PatientMot(TenantOwned):
    """One word that leads to a patient: of the name, the phone or the number.

    Row security forbids an index to operators that might leak (`LIKE`, full text, `&&`); an
    ordinary range `mot >= 'so' and mot < 'sp'` may use one, hence a table of words in byte order.
    """

    patient = TenantForeignKey("hospital.Patient", related_name="mots")
    mot = models.CharField(max_length=255, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "mot", "patient"],
                name="hospital_patientmot_unique",
                violation_error_message=_("Ce mot mène déjà à ce patient."),
            )
        ]

    def __str__(self) -> str:
        return self.mot
