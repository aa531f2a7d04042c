"""`sauvegarder`: one file with the database, the files and where each chain stood."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from apps.fiscal.management.backup import back_up
from apps.socle.launch.errors import LaunchError, cause
from apps.socle.local_files import files_folder
from apps.socle.management.base import HouseCommand, NotDone
from apps.socle.progress import count

NOT_INCLUDED = (
    "Le secret maître ({path}) n’est PAS dans cette sauvegarde. Sans lui, rien ne peut être signé ni vérifié après une"
    " restauration : gardez-en une copie à part, jamais au même endroit."
)


class Command(HouseCommand):
    help = (
        "Écrit une sauvegarde en un seul fichier : la base telle qu’à un instant, les fichiers, la tête de chaque"
        " chaîne. La plateforme peut tourner. Le secret maître n’y est pas : gardez-le à part."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        folder = settings.DATA_DIR / "sauvegardes"
        parser.add_argument("--vers", metavar="DIR", default=str(folder), help=f"Dossier de la sauvegarde ({folder}).")

    def handle(self, *args: Any, vers: str, **options: Any) -> None:
        line = self.progress("sauvegarde", "tables")
        try:
            path, manifest = back_up(Path(vers).expanduser().resolve(), line)
        except LaunchError as error:
            said = str(error).replace("--data", "--vers")  # the launcher's word for a folder
            raise NotDone(said) from error
        except psycopg.Error as error:
            raise NotDone(f"PostgreSQL refuse : {error}") from error
        except OSError as error:
            raise NotDone(f"Sauvegarde impossible : {error.filename or vers}, {cause(error)}.") from error
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
