"""`sauvegarder`: one file with the database, the files and where each chain stood."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.fiscal.management.backup import back_up
from apps.socle.launch.errors import LaunchError
from apps.socle.local_files import files_folder
from apps.socle.progress import ProgressLine, count

NOT_INCLUDED = (
    "Le secret maître ({path}) n’est PAS dans cette sauvegarde. Sans lui, rien ne peut être signé ni vérifié après une"
    " restauration : gardez-en une copie à part, jamais au même endroit."
)


class Command(BaseCommand):
    help = (
        "Écrit une sauvegarde en un seul fichier : la base telle qu’à un instant, les fichiers, la tête de chaque"
        " chaîne. La plateforme peut tourner. Le secret maître n’y est pas : gardez-le à part."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        folder = settings.DATA_DIR / "sauvegardes"
        parser.add_argument("--vers", metavar="DIR", default=str(folder), help=f"Dossier de la sauvegarde ({folder}).")

    def handle(self, *args: Any, vers: str, **options: Any) -> None:
        line = ProgressLine(self.stderr._out, "sauvegarde", "tables")  # type: ignore[attr-defined]
        try:
            path, manifest = back_up(Path(vers).expanduser().resolve(), line)
        except LaunchError as error:
            said = str(error).replace("--data", "--vers")  # the launcher's word for a folder
            raise CommandError(said, returncode=error.status) from error
        except psycopg.Error as error:
            raise CommandError(f"PostgreSQL refuse : {error}") from error
        finally:
            line.close()
        megabytes = f"{path.stat().st_size / 2**20:.1f}".replace(".", ",")
        self.stdout.write(f"Sauvegarde : {path} ({megabytes} Mo)")
        for tenant in manifest["tenants"]:
            number, head = count(tenant["sequence_number"]), tenant["chain_hash"][:16]
            self.stdout.write(f"{tenant['slug']} : tête {number} {head}…")
        if files_folder() is None:
            self.stdout.write("Les fichiers sont dans le stockage S3 : ils n’y sont pas, sauvegardez-le à part.")
        self.stdout.write(NOT_INCLUDED.format(path=settings.MASTER_SECRET_FILE))
