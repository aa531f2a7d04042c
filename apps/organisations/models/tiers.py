"""A third party: whoever owes the tenant or is owed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.organisations.base import TenantOwned
from apps.socle.search import search_key


class Tiers(TenantOwned):
    """A patient, insurer, supplier, member or employee as the accounts know them. Source: mouvements.md."""

    class Type(models.TextChoices):
        PATIENT = "patient", _("Patient")
        ASSUREUR = "assureur", _("Assureur")
        CLIENT = "client", _("Client")
        FOURNISSEUR = "fournisseur", _("Fournisseur")
        EMPLOYE = "employe", _("Employé")
        MEMBRE = "membre", _("Membre de tontine")

    code = models.CharField(_("code"), max_length=20)
    nom = models.CharField(_("nom"), max_length=255)
    type = models.CharField(_("type"), max_length=12, choices=Type)
    telephone = models.CharField(_("téléphone"), max_length=20, blank=True)
    email = models.EmailField(_("adresse électronique"), blank=True)
    cle_recherche = models.CharField(
        max_length=400, editable=False
    )  # " ngo bassong pat 00012 699938475": words to find it by

    class Meta:
        verbose_name = _("tiers")
        verbose_name_plural = pgettext_lazy("plusieurs", "tiers")
        indexes = [models.Index(fields=["tenant", "cle_recherche", "id"], name="organisations_tiers_tri")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="organisations_tiers_code",
                violation_error_message=_("Ce code désigne déjà un tiers."),
            )
        ]

    def index(self) -> Tiers:
        """Compute `cle_recherche` from name, code and phone; `save` does, whoever inserts in bulk calls it. Return self."""
        cle = f" {search_key(f'{self.nom} {self.code}')} {''.join(filter(str.isdigit, self.telephone))}"
        self.cle_recherche = cle[:400]  # some letters become two (ß, œ): the longest names would outgrow the column
        return self

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.index()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "cle_recherche"}
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self.code} {self.nom}"
