"""What a link only commits to, because it may have to be erased."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.models.entry import FiscalEntry
from apps.organisations.base import TenantOneToOneField, TenantOwned


class FiscalCommitment(TenantOwned):
    """Clear text and salt of a link's IP address and user agent.

    The row may be deleted (personal data), never changed: the link's envelope holds only the
    salted hash, so the chain stands whether the row is there or not.
    """

    entry = TenantOneToOneField(FiscalEntry, related_name="commitment", verbose_name=_("maillon"))
    ip_address = models.CharField(_("adresse IP"), max_length=45, null=True)
    ip_salt = models.BinaryField(_("sel de l’adresse"), null=True)
    user_agent = models.TextField(_("navigateur"), null=True)
    user_agent_salt = models.BinaryField(_("sel du navigateur"), null=True)

    class Meta:
        verbose_name = _("donnée effaçable d’un maillon")
        verbose_name_plural = _("données effaçables des maillons")
        constraints = [
            models.CheckConstraint(
                name="fiscal_commitment_salted",
                condition=models.Q(ip_address=None, ip_salt=None)
                | models.Q(ip_address__isnull=False, ip_salt__isnull=False),
                violation_error_message=_("Une adresse engagée porte son sel."),
            ),
            models.CheckConstraint(
                name="fiscal_commitment_agent_salted",
                condition=models.Q(user_agent=None, user_agent_salt=None)
                | models.Q(user_agent__isnull=False, user_agent_salt__isnull=False),
                violation_error_message=_("Un navigateur engagé porte son sel."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.entry_id)
