"""One link of the chain."""

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import ActorType, EntryType, Environment, LegalStatus
from apps.organisations.base import TenantOneToOneField, TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection


class FiscalEntry(TenantOwned):
    """A link: what was said (`data_canonical`), its place, its hashes and its signature.

    `data_snapshot` is the envelope of `docs/fiscal-format.md`; every column repeats a part of it
    or is computed from it, which `sql/entry.sql` checks at each insert and the verifier again.
    Nothing of a link ever changes. Source: facturation-fiscal.md, `fiscal_entries`.
    """

    fact = TenantOneToOneField("socle.Fait", related_name="fiscal_entry", verbose_name=_("fait"))
    sequence_number = models.BigIntegerField(_("maillon"))
    entry_type = models.CharField(_("type"), max_length=20, choices=EntryType.choices)
    entity_type = models.CharField(_("type de document"), max_length=60, null=True)
    entity_id = models.UUIDField(_("document"), null=True)
    entity_number = models.CharField(_("numéro"), max_length=50, blank=True)
    fiscal_date = models.DateField(_("jour fiscal"))
    data_snapshot = models.JSONField(_("données"))
    data_canonical = models.BinaryField(_("octets canoniques"))
    data_hash = models.CharField(_("empreinte des données"), max_length=64)
    previous_hash = models.CharField(_("empreinte du maillon précédent"), max_length=64)
    chain_hash = models.CharField(_("empreinte du maillon"), max_length=64)
    signature = models.BinaryField(_("signature"))
    key_id = models.CharField(_("clé"), max_length=16)
    algorithm = models.CharField(_("algorithme"), max_length=40)
    legal_status = models.CharField(_("statut légal"), max_length=20, choices=LegalStatus.choices)
    environment = models.CharField(_("environnement"), max_length=12, choices=Environment.choices)
    actor_type = models.CharField(_("type d’acteur"), max_length=10, choices=ActorType.choices)
    actor_id = models.UUIDField(_("acteur"), null=True)
    metadata = models.JSONField(_("métadonnées"), default=dict, blank=True)
    created_at = models.DateTimeField(_("créé le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("maillon")
        verbose_name_plural = _("maillons")
        ordering = ["sequence_number"]
        permissions = [
            ("verify_chain", _("Peut vérifier la chaîne")),
            ("prove_entry", _("Peut remettre la preuve d’un document")),
            ("archive_chain", _("Peut archiver la chaîne")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sequence_number"],
                name="fiscal_entry_one_number",
                violation_error_message=_("Ce numéro de maillon est déjà pris."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "previous_hash"],
                name="fiscal_entry_no_fork",
                violation_error_message=_("Un autre maillon suit déjà celui-là."),
            ),
            models.CheckConstraint(
                name="fiscal_entry_words",
                condition=models.Q(
                    entry_type__in=EntryType.values,
                    legal_status__in=LegalStatus.values,
                    environment__in=Environment.values,
                    actor_type__in=ActorType.values,
                ),
                violation_error_message=_("Ce type de maillon n’existe pas."),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "entity_type", "entity_id"], name="fiscal_entry_entity_idx"),
            models.Index(fields=["tenant", "fiscal_date"], name="fiscal_entry_date_idx"),
            models.Index(fields=["tenant", "entity_number"], name="fiscal_entry_number_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence_number} {self.entity_number}".rstrip()

    @property
    def ip_address(self) -> str | None:
        """The address of whoever acted, from the erasable table; None once erased or never known."""
        return self._committed("ip_address")

    @property
    def user_agent(self) -> str | None:
        """The browser of whoever acted, from the erasable table; None once erased or never known."""
        return self._committed("user_agent")

    def _committed(self, name: str) -> str | None:
        try:
            return getattr(self.commitment, name)
        except ObjectDoesNotExist:
            return None
