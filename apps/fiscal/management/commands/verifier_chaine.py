"""`verifier_chaine`: is the chain whole? Exit status 0 when it is, 1 when it is not."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.fiscal.checkpoints import latest_checkpoint
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.models import FiscalIntegrityCheck
from apps.fiscal.services.check_chain import check_chain
from apps.socle.actors import SYSTEM
from apps.socle.management.base import HouseCommand, NotDone, NotWhole, at_least_one, houses
from apps.socle.models import TenantRegistry
from apps.socle.progress import count, counted
from apps.socle.scope import scope


class Command(HouseCommand):
    help = (
        "Vérifie la chaîne fiscale d’un établissement, ou de tous : place de chaque maillon, octets signés, colonnes,"
        " empreintes, signatures, tête, et les têtes écrites hors de la base. Statut de sortie : 0 conforme, 1 rompue,"
        " 2 vérification impossible."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Un seul établissement ; sans cette option, tous.")
        parser.add_argument(
            "--depuis-controle",
            action="store_true",
            help="Partir du dernier contrôle conforme au lieu du premier maillon (s’il n’y en a pas : du premier).",
        )
        parser.add_argument(
            "--processus", type=at_least_one, default=1, metavar="N", help="Partager le travail entre N processus."
        )

    def handle(self, *args: Any, tenant: str | None, **options: Any) -> None:
        self._since, self._processes = options["depuis_controle"], options["processus"]
        broken = [registry.slug for registry in houses(tenant, active=False) if not self._verify(registry)]
        if broken:
            raise NotWhole(f"Chaîne rompue : {', '.join(broken)}.")

    def _verify(self, registry: TenantRegistry) -> bool:
        line = self.progress(registry.slug, "maillons")
        try:
            with scope(registry.tenant_id):
                since = latest_checkpoint() if self._since else None
                check = check_chain(acteur=SYSTEM, progress=line, since=since, processes=self._processes)
        except MasterSecretError as error:
            raise NotDone(f"Vérification impossible : {error}") from error
        finally:
            line.close()
        self.stdout.write(f"{registry.slug} : {sentence(check)}")
        return check.holds


def sentence(check: FiscalIntegrityCheck) -> str:
    """Return what a check found, the first broken link named."""
    seconds = f"{check.duration_ms / 1000:.1f}".replace(".", ",")
    verified = f"{counted(check.entries_validated, 'maillon vérifié', 'maillons vérifiés')} en {seconds} s"
    if check.holds:
        head = f"tête {check.head_sequence_number} {check.head_hash[:16]}…"
        unsure = "".join(f". À surveiller : {warning['text']}" for warning in check.report)
        since = f" depuis le maillon {count(check.first_sequence_number)}" if check.first_sequence_number > 1 else ""
        return f"chaîne conforme{since}, {verified}, {head}{unsure}"
    first = check.first_anomaly or {}
    others = check.anomalies_found - 1
    more = f" ({counted(others, 'autre anomalie', 'autres anomalies')})" if others else ""
    return f"CHAÎNE ROMPUE, {verified}. {first.get('text', '')}{more}"
