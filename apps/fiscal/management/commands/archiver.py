"""`archiver`: a range of days of one chain as a signed ZIP that anybody can verify."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.fiscal.archive.span import Span
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.models import TenantRegistry
from apps.socle.progress import ProgressLine, count
from apps.socle.scope import scope

NOT_WRITTEN = 2


class Command(BaseCommand):
    help = (
        "Archive une période de la chaîne fiscale d’un établissement : un ZIP signé, en formats ouverts, que verify.py"
        " vérifie sans Cauris ni base de données."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--du", required=True, type=day, metavar="DATE", help="Premier jour fiscal, JJ/MM/AAAA.")
        parser.add_argument("--au", required=True, type=day, metavar="DATE", help="Dernier jour fiscal, JJ/MM/AAAA.")
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="L’établissement.")
        parser.add_argument(
            "--sortie",
            type=Path,
            metavar="FICHIER",
            help="Où l’écrire ; sans cette option, chaine-SLUG-DU-AU.zip dans le dossier courant.",
        )

    def handle(self, *args: Any, du: date, au: date, tenant: str, sortie: Path | None, **options: Any) -> None:
        registry = TenantRegistry.objects.filter(slug=tenant).first()
        if registry is None:
            raise CommandError(f"Aucun établissement à l’adresse « {tenant} ».", returncode=NOT_WRITTEN)
        destination = sortie or Path(f"chaine-{tenant}-{du}-{au}.zip")
        line = ProgressLine(self.stderr._out, tenant, "lignes")  # type: ignore[attr-defined]
        try:
            with scope(registry.tenant_id):
                span = announce_archive(since=du, until=au, acteur=SYSTEM)
                size = write_archive(span=span, destination=destination, acteur=SYSTEM, progress=line)
        except (BusinessError, MasterSecretError, OSError) as error:
            raise CommandError(f"Archive impossible : {error}", returncode=NOT_WRITTEN) from error
        finally:
            line.close()
        self.stdout.write(sentence(destination, span, size))


def day(text: str) -> date:
    """Read 20/11/2026 or 2026-11-20; raises ArgumentTypeError."""
    try:
        return datetime.strptime(text, "%d/%m/%Y" if "/" in text else "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ArgumentTypeError(f"« {text} » n’est pas un jour de la forme 20/11/2026") from error


def sentence(destination: Path, span: Span, size: int) -> str:
    """Return what was written."""
    if not span.count:
        return f"{destination} : aucun maillon dans cette période, {count(size)} octets"
    links = f"{count(span.count)} maillon{'s' if span.count > 1 else ''}"
    return f"{destination} : {links}, {span.first} à {span.last}, {count(size)} octets"
