"""`restaurer`: put a backup back, all of it or nothing, and say what its chains are worth."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from apps.fiscal.management import restore as restoring
from apps.fiscal.management.backup import login
from apps.fiscal.management.commands.verifier_chaine import sentence
from apps.fiscal.management.numbers import given, given_since, last_numbers
from apps.fiscal.management.restore import Restored
from apps.socle.launch.backup.container import reading
from apps.socle.launch.backup.exchange import COMMAND, Unsettled
from apps.socle.launch.errors import LaunchError, cause
from apps.socle.management.base import HouseCommand, NotDone, NotWhole
from apps.socle.progress import count, counted

IN_BETWEEN = 3


class Command(HouseCommand):
    help = (
        "Restaure une sauvegarde dans une base neuve, la vérifie, puis lui donne la place de l’ancienne, qui est gardée"
        " sous un autre nom. La plateforme doit être arrêtée. Statut de sortie : 0 restaurée et conforme, 1 restaurée"
        " mais rouge (par exemple plus ancienne que sa tête ancrée), 2 refusée : rien n’a changé, 3 restée entre deux :"
        " la même commande, sans fichier, achève ou défait une restauration interrompue."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "fichier",
            metavar="FICHIER",
            type=Path,
            nargs="?",
            help="La sauvegarde, faite par « sauvegarder ». Sans elle, une restauration interrompue est achevée ou défaite.",
        )
        parser.add_argument(
            "--remplacer", action="store_true", help="Prendre la place d’une base qui contient déjà des établissements."
        )

    def handle(self, *args: Any, fichier: Path | None, remplacer: bool, **options: Any) -> None:
        try:
            restored = self._settled(fichier) or self._restored(fichier, remplacer)
        except Unsettled as error:
            raise NotDone(str(error), returncode=IN_BETWEEN) from error
        except LaunchError as error:
            raise NotDone(f"{error} Rien n’a changé.") from error
        except psycopg.Error as error:
            raise NotDone(f"PostgreSQL refuse : {error} Rien n’a changé.") from error
        except OSError as error:
            raise NotDone(
                f"Le système refuse : {error.filename or fichier}, {cause(error)}. Rien n’a changé."
            ) from error
        self._say(restored)

    def _settled(self, path: Path | None) -> Restored | None:
        """End a restore that was interrupted in its exchange; None where there was none, or it was undone."""
        if not restoring.interrupted():
            return None
        restoring.refuse_if_used()
        restored = restoring.settle()
        if restored is None:
            self.stdout.write("La restauration interrompue n’avait rien remplacé : ce qu’elle préparait est supprimé.")
            return None
        self.stdout.write("La restauration interrompue est achevée.")
        if path is not None:
            self.stdout.write(
                f"{path} n’a pas été lu : pour le restaurer maintenant, tapez la commande encore une fois."
            )
        return restored

    def _restored(self, path: Path | None, replace: bool) -> Restored:
        if path is None:
            raise LaunchError(f"Aucune restauration n’est à finir : « {COMMAND} FICHIER » en commence une.")
        with reading(path.expanduser().resolve()) as backup:
            self._announce(backup.manifest)
            self._confirm(replace)
            restoring.refuse_if_used()
            return restoring.restore(backup, self.progress)

    def _announce(self, manifest: Any) -> None:
        self.stdout.write(f"Sauvegarde du {manifest['created_at'][:19].replace('T', ' à ')} (UTC) :")
        for tenant in manifest["tenants"]:
            self.stdout.write(
                f"  {tenant['slug']} : tête {count(tenant['sequence_number'])} {tenant['chain_hash'][:16]}…"
            )

    def _confirm(self, replace: bool) -> None:
        """Raise LaunchError unless the database is empty, or a person typed its name."""
        name, held = restoring.houses_there()
        if not held:
            return
        there = counted(held, "établissement", "établissements")
        if not replace:
            raise LaunchError(f"La base {name} contient {there} : ajoutez --remplacer pour la remplacer.")
        self.stdout.write(f"La base {name} contient {there}. Elle sera remplacée, et gardée à part.")
        self.stdout.write(f"Tapez {name} pour confirmer : ", ending="")
        self.stdout.flush()
        try:
            typed = input()
        except EOFError:
            typed = ""
        if typed.strip() != name:
            raise LaunchError("Restauration non confirmée.")

    def _say(self, restored: Restored) -> None:
        self.stdout.write(f"Base {restored.name} restaurée ; ses protections sont celles que le code déclare.")
        if restored.kept:
            self.stdout.write(
                f"L’ancienne est gardée sous le nom {restored.kept} : supprimez-la quand tout est vérifié."
            )
        if restored.former_files:
            self.stdout.write(f"Les anciens fichiers sont gardés dans {restored.former_files}.")
        for slug, check in restored.checks.items():
            self.stdout.write(f"{slug} : {sentence(check)}")
        self._say_numbers(restored)
        if not restored.whole:
            raise NotWhole(
                "La base est restaurée, et une chaîne est rouge : elle le reste tant que personne n’y répond."
                f" Têtes ancrées : {settings.ANCHOR_FILE}."
            )

    def _say_numbers(self, restored: Restored) -> None:
        """Say where the copy's numbers end, and which are on papers that the copy does not know: they come a second time."""
        copy = last_numbers(login("maintenance"), restored.name)
        former = last_numbers(login("maintenance"), restored.kept) if restored.kept else {}
        for slug in restored.checks:
            last, again = copy.get(slug, {}), given_since(copy.get(slug, {}), former.get(slug, {}))
            self.stdout.write(f"{slug} : derniers numéros de la copie : {given(last) or 'aucun'}")
            if again:
                self.stdout.write(f"{slug} : DONNÉS APRÈS LA COPIE, ils le seront une seconde fois : {again}")
            elif restored.older(slug):
                self.stdout.write(
                    f"{slug} : les têtes ancrées prouvent que la copie est plus ancienne : des numéros au-delà de ceux-ci"
                    " sont sur des papiers, et seront donnés une seconde fois."
                )
            if again or restored.older(slug):
                self.stdout.write(f"{slug} : avant de vendre, lisez docs/operations.md, « When the copy is older ».")
