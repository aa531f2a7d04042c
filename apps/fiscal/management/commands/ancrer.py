"""`ancrer`: write the head of each chain outside now, and say where it went."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.fiscal.choices import AnchorStatus, AnchorType
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.models import FiscalAnchor
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.deliver_anchor import deliver_anchor
from apps.socle.actors import SYSTEM
from apps.socle.management.base import HouseCommand, NotDone, NotWhole, houses
from apps.socle.models import TenantRegistry
from apps.socle.progress import count
from apps.socle.scope import scope


class Command(HouseCommand):
    help = (
        "Écrit la tête de chaîne d’un établissement, ou de tous, hors de la base : fichier d’ancrage et, s’ils sont"
        " réglés, stockage verrouillé et courriel. Statut de sortie : 0 tout est écrit, 1 une tête ne l’est pas,"
        " 2 rien n’a pu être tenté."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Un seul établissement ; sans cette option, tous.")

    def handle(self, *args: Any, tenant: str | None, **options: Any) -> None:
        waiting = [registry.slug for registry in houses(tenant) if not self._anchor(registry)]
        if waiting:
            raise NotWhole(f"Têtes non écrites : {', '.join(waiting)}.")

    def _anchor(self, registry: TenantRegistry) -> bool:
        try:
            with scope(registry.tenant_id):
                anchors = anchor_head(acteur=SYSTEM, hand_over=False)
        except MasterSecretError as error:
            raise NotDone(f"Ancrage impossible : {error}") from error
        if not anchors:
            self.stdout.write(f"{registry.slug} : chaîne encore vide, rien à ancrer")
        written = [self._deliver(registry, anchor) for anchor in anchors]
        return all(written)

    def _deliver(self, registry: TenantRegistry, anchor: FiscalAnchor) -> bool:
        state = deliver_anchor(tenant_id=registry.tenant_id, anchor_id=anchor.pk)
        with scope(registry.tenant_id):
            anchor.refresh_from_db()
        place = AnchorType(anchor.anchor_type).label
        head = f"{registry.slug} : maillon {count(anchor.sequence_number)} {anchor.chain_hash[:16]}…"
        if state == AnchorStatus.VERIFIED:
            self.stdout.write(f"{head} écrit ({place} : {anchor.anchor_reference})")
            return True
        self.stdout.write(f"{head} NON ÉCRIT ({place}) : {anchor.last_error}")
        return False
