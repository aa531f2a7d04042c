"""`archiver`: a range of days of one chain as a signed ZIP that anybody can verify."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from apps.fiscal.archive.cautions import cautions
from apps.fiscal.archive.span import Span
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.launch.errors import cause
from apps.socle.management.base import HouseCommand, NotDone, day, house, refuse_unwritable
from apps.socle.progress import count, counted
from apps.socle.scope import scope


class Command(HouseCommand):
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
        registry = house(tenant)
        destination = sortie or Path(f"chaine-{tenant}-{du}-{au}.zip")
        refuse_unwritable(destination)
        line = self.progress(tenant, "lignes")
        try:
            with scope(registry.tenant_id):
                span = announce_archive(since=du, until=au, acteur=SYSTEM)
                size = write_archive(span=span, destination=destination, acteur=SYSTEM, progress=line)
                known = cautions(du, au)
        except (BusinessError, MasterSecretError) as error:
            raise NotDone(f"Archive impossible : {error}") from error
        except OSError as error:
            raise NotDone(f"Archive impossible : {destination}, {cause(error)}.") from error
        finally:
            line.close()
        self.stdout.write(sentence(destination, span, size))
        for caution in known:
            self.stdout.write(f"À savoir : {caution}")


def sentence(destination: Path, span: Span, size: int) -> str:
    """Return what was written."""
    if not span.count:
        return f"{destination} : aucun maillon dans cette période, {count(size)} octets"
    links = counted(span.count, "maillon", "maillons")
    return f"{destination} : {links}, {span.first} à {span.last}, {count(size)} octets"
