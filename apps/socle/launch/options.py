"""The command line of bin/start, read before anything is installed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.socle.launch.errors import MISUSE, LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DEFAULT_PORT = 8000
LARGEST_PORT = 65535


@dataclass(frozen=True)
class Options:
    """What bin/start was asked. `port` 0 means any free one."""

    host: str
    port: int
    data_dir: Path
    demo: bool

    def __post_init__(self) -> None:
        if not 0 <= self.port <= LARGEST_PORT:
            raise LaunchError(f"{self.port} n'est pas un port : de 1 à {LARGEST_PORT}.", MISUSE)


class FrenchParser(argparse.ArgumentParser):
    """Says a wrong argument in one sentence, without the usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise LaunchError(f"Argument refusé ({message}) ; bin/start --help les énumère.", MISUSE)


def parse(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Read the arguments; raises LaunchError for those that cannot be honoured."""
    parser = FrenchParser(prog="bin/start", description="Installe ce qui manque et sert Cauris sur cette machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, metavar="N", help="port d'écoute (8000)")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="adresse d'écoute (127.0.0.1)")
    parser.add_argument("--no-demo", action="store_true", help="sans données de démonstration")
    parser.add_argument("--data", metavar="DIR", help="dossier des données (var/ dans le dépôt)")
    read = parser.parse_args(list(arguments))
    options = Options(read.host, read.port, data_folder(read.data, environment), not read.no_demo)
    refuse_demo_on_a_real_installation(options, environment)
    return options


def data_folder(asked: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute data folder: --data, else CAURIS_DATA_DIR, else var/ in the checkout."""
    return Path(asked or environment.get("CAURIS_DATA_DIR") or ROOT / "var").expanduser().resolve()


def refuse_demo_on_a_real_installation(options: Options, environment: Mapping[str, str]) -> None:
    """Raise LaunchError when demo data or a relaxed second factor would reach a real database."""
    if environment.get("DATABASE_URL"):
        why = "DATABASE_URL désigne une vraie base"
    elif environment.get("CAURIS_ENV") == "production":
        why = "CAURIS_ENV=production"
    else:
        return
    if options.demo:
        raise LaunchError(f"{why} : les données de démonstration y sont refusées ; ajoutez --no-demo.", MISUSE)
    if environment.get("CAURIS_SECOND_FACTOR", "required") != "required":
        raise LaunchError(f"{why} : CAURIS_SECOND_FACTOR doit y rester à required.", MISUSE)
