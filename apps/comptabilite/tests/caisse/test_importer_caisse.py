"""`importer_caisse` as a person runs it: what it prints, what it writes, what stops it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.comptabilite.caisse.models import FactureCaisse, FichierReprise, Quittance, RepriseCaisse
from apps.comptabilite.management.commands import importer_caisse
from apps.comptabilite.tests.caisse.papier import MAINTENANT, encaissement, hopital, papier, recette
from apps.organisations.models import Tenant
from apps.socle.management.base import NotWhole
from apps.socle.scope import scope


@pytest.fixture(autouse=True)
def le_20_novembre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MAINTENANT)


@pytest.fixture
def hote(db: None) -> Iterator[Tenant]:
    tenant = hopital()
    with scope(tenant.id):
        yield tenant


@pytest.fixture
def deux_fichiers(tmp_path: Path) -> tuple[Path, Path]:
    """Three receipts, one of them faulty, two payments."""
    lignes = [recette("P1"), recette("P2", quantite=-1), recette("P3", caisse="C2", caissier="paul.caisse")]
    contenus = papier(lignes, [encaissement("P1"), encaissement("P3", caisse="C2", caissier="paul.caisse")])
    chemins = tmp_path / "recettes.csv", tmp_path / "encaissements.csv"
    for chemin, contenu in zip(chemins, contenus, strict=True):
        chemin.write_bytes(contenu)
    return chemins


def lancer(tenant: Tenant, chemins: tuple[Path, Path], **options: Any) -> str:
    """Run the command on files with a faulty line; return what it said, spaces made ordinary."""
    dit = io.StringIO()
    sorties = {"stdout": dit, "stderr": io.StringIO()}
    with pytest.raises(NotWhole, match=r"refusées : 1\.$"):
        call_command("importer_caisse", *map(str, chemins), tenant=tenant.slug, **sorties, **options)
    return dit.getvalue().replace("\u202f", " ").replace("\u00a0", " ")


def test_it_says_what_it_makes_and_what_it_refuses(
    hote: Tenant, deux_fichiers: tuple[Path, Path], tmp_path: Path
) -> None:
    dit = lancer(hote, deux_fichiers, rapport=tmp_path / "rapport.csv")
    assert "Caisses à créer : C2" in dit
    assert "Caissiers à créer, inactifs : amina.caisse, paul.caisse" in dit
    assert "Reprise de recettes.csv : 2 / 2 passages" in dit
    assert "Recettes, lignes : 2 reprises, 1 refusée, 0 déjà reprise" in dit
    assert "Facturé : 10 000 FCFA · encaissé : 10 000 FCFA" in dit
    assert "01/10/2026 : 10 000 FCFA" in dit
    assert "recettes, ligne 3, quantite : La quantité est supérieure à zéro" in dit
    [_entete, rangee] = csv.reader(io.StringIO((tmp_path / "rapport.csv").read_text("utf-8-sig")), delimiter=";")
    assert rangee[:6] == ["recettes.csv", "3", "Refusée", "P2", "quantite", "'-1"]
    assert (FactureCaisse.objects.count(), Quittance.objects.count()) == (2, 2)
    assert not FichierReprise.objects.exists(), "a terminal has its own files"


def test_a_simulation_says_the_same_and_writes_nothing(
    hote: Tenant, deux_fichiers: tuple[Path, Path], tmp_path: Path
) -> None:
    dit = lancer(hote, deux_fichiers, simuler=True, rapport=tmp_path / "rapport.csv")
    assert "rien n’est écrit" in dit
    assert "Facturé : 10 000 FCFA · encaissé : 10 000 FCFA" in dit
    assert "recettes, ligne 3, quantite" in dit
    assert (tmp_path / "rapport.csv").exists()
    assert not FactureCaisse.objects.exists()
    assert not RepriseCaisse.objects.exists()


def test_stopped_at_the_keyboard_the_same_command_goes_on(
    hote: Tenant, deux_fichiers: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("apps.comptabilite.caisse.reprise.execution.LOT", 1)
    executer = importer_caisse.executer

    def interrompre(tenant: Tenant, reprise_id: Any, lecture: Any, suivre: Any) -> RepriseCaisse:
        def une_fois(faits: int, total: int) -> None:
            if faits == 1:
                raise KeyboardInterrupt

        return executer(tenant, reprise_id, lecture, une_fois)

    with monkeypatch.context() as clavier:
        clavier.setattr(importer_caisse, "executer", interrompre)
        with pytest.raises(CommandError, match="reprendra où elle s’est arrêtée") as interrompue:
            call_command("importer_caisse", *map(str, deux_fichiers), tenant=hote.slug)
    assert interrompue.value.returncode == 2
    assert (RepriseCaisse.objects.get().statut, FactureCaisse.objects.count()) == ("ARRETEE", 1)
    dit = lancer(hote, deux_fichiers)
    assert "Suite de la reprise du 20/11/2026" in dit
    assert "1 / 1 passage" in dit
    assert (RepriseCaisse.objects.get().statut, FactureCaisse.objects.count()) == ("TERMINEE", 2)
    assert list((tmp_path / "reprises").glob("*.csv")), "the report stands somewhere without being asked for"


def test_what_breaks_leaves_its_name_and_rises(
    hote: Tenant, deux_fichiers: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer_caisse, "executer", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call_command("importer_caisse", *map(str, deux_fichiers), tenant=hote.slug)
    assert RepriseCaisse.objects.get().erreur == "Erreur interne (ZeroDivisionError)."


@pytest.mark.parametrize(
    ("slug", "noms", "dit"),
    [
        ("ailleurs", ("recettes.csv", "encaissements.csv"), "Aucun établissement à l’adresse « ailleurs »"),
        (None, ("absent.csv", "encaissements.csv"), "ne se lit pas"),
        (None, ("encaissements.csv", "recettes.csv"), "inversés"),
    ],
)
def test_what_cannot_begin_is_said_and_writes_nothing(
    hote: Tenant, deux_fichiers: tuple[Path, Path], slug: str | None, noms: tuple[str, str], dit: str
) -> None:
    chemins = [str(deux_fichiers[0].parent / nom) for nom in noms]
    with pytest.raises(CommandError, match=dit) as refus:
        call_command("importer_caisse", *chemins, tenant=slug or hote.slug)
    assert refus.value.returncode == 2
    assert not RepriseCaisse.objects.exists()


@pytest.mark.parametrize("simuler", [True, False])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_done(
    hote: Tenant, deux_fichiers: tuple[Path, Path], tmp_path: Path, simuler: bool
) -> None:
    ailleurs = tmp_path / "absent" / "rapport.csv"
    with pytest.raises(CommandError) as refus:
        call_command("importer_caisse", *map(str, deux_fichiers), tenant=hote.slug, rapport=ailleurs, simuler=simuler)
    assert str(refus.value) == (
        f"{ailleurs} : ce fichier ne peut pas être écrit (ce chemin n’existe pas). Rien n’a été fait."
    )
    assert refus.value.returncode == 2
    assert not RepriseCaisse.objects.exists()


def test_all_taken_over_is_exit_status_0(hote: Tenant, tmp_path: Path) -> None:
    contenus = papier([recette("P1")], [encaissement("P1")])
    chemins = tmp_path / "recettes.csv", tmp_path / "encaissements.csv"
    for chemin, contenu in zip(chemins, contenus, strict=True):
        chemin.write_bytes(contenu)
    dit = io.StringIO()
    call_command("importer_caisse", *map(str, chemins), tenant=hote.slug, rapport=tmp_path / "r.csv", stdout=dit)
    assert "Recettes, lignes : 1 reprise, 0 refusée, 0 déjà reprise" in dit.getvalue()
    assert not (tmp_path / "r.csv").exists(), "no line is refused: the trial left no file"
