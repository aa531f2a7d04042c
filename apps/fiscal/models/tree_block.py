"""Roots of perfect subtrees of the chain's Merkle tree, so that a proof need not hash the whole history."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned
from apps.socle.immutability import Protection


class FiscalTreeBlock(TenantOwned):
    """The root over the leaves of links `1024·number + 1` to `1024·(number + 1)`, written by the closing that seals them.

    A shortcut, no evidence: what is computed with it is compared with a signed root before it is handed out.
    """

    number = models.BigIntegerField(_("bloc"))
    root = models.CharField(_("racine"), max_length=64)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("bloc de l’arbre de Merkle")
        verbose_name_plural = _("blocs de l’arbre de Merkle")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                name="fiscal_block_once",
                violation_error_message=_("Ce bloc est déjà enregistré."),
            ),
            models.CheckConstraint(
                name="fiscal_block_number",
                condition=models.Q(number__gte=0, root__regex=r"^[0-9a-f]{64}$"),
                violation_error_message=_("Un bloc a un rang et une racine."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.root[:12]}"
