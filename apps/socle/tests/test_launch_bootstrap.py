"""The first stage: the environment, Debian's packages, and what is said when they cannot be had."""

from __future__ import annotations

import shutil

import pytest

from apps.socle.launch import bootstrap, packages
from apps.socle.launch.errors import LaunchError
from tests.support.launched import open_folder
from tests.support.unprivileged import refusal_as_nobody

pytestmark = pytest.mark.launcher


def test_missing_packages_are_installed_by_root_and_named_to_others(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "has_dpkg", lambda: True)
    monkeypatch.setattr(packages, "missing", lambda names: ["libpango-1.0-0"])
    monkeypatch.setattr(packages, "running_as_root", lambda: False)
    with pytest.raises(LaunchError, match=r"Tapez : sudo apt-get install --yes .* libpango-1\.0-0"):
        packages.ensure_paper(tmp_path)

    ran: list[list[str]] = []
    monkeypatch.setattr(packages, "running_as_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages, "run", lambda command, *rest: ran.append(command) or 0)
    packages.ensure_paper(tmp_path)
    assert [command[:2] for command in ran] == [["apt-get", "install"]]
    assert "libpango-1.0-0" in ran[0]


def test_the_list_of_packages_is_read_again_when_it_is_stale(tmp_path, monkeypatch):
    ran: list[str] = []
    answers = iter([100, 0, 0])
    monkeypatch.setattr(packages, "running_as_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages, "run", lambda command, *rest: ran.append(command[1]) or next(answers))
    packages.install(["x"], "pour un essai", tmp_path)
    assert ran == ["install", "update", "install"]


def test_packages_that_cannot_be_had_are_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "running_as_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages, "run", lambda command, *rest: 100)
    with pytest.raises(LaunchError, match="a échoué ; la commande était : apt-get install"):
        packages.install(["x"], "pour un essai", tmp_path)


def test_without_dpkg_the_libraries_themselves_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "has_dpkg", lambda: False)
    monkeypatch.setattr(packages, "PAPER_LIBRARIES", ("libno-such-thing.so.0",))
    with pytest.raises(LaunchError, match=r"libno-such-thing\.so\.0"):
        packages.ensure_paper(tmp_path)
    monkeypatch.setattr(packages, "PAPER_LIBRARIES", ("libc.so.6",))
    packages.ensure_paper(tmp_path)


def test_a_browser_that_cannot_be_had_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "BROWSER_PROGRAMS", ("no-such-browser",))
    monkeypatch.setattr(packages, "running_as_root", lambda: False)
    assert packages.ensure_browser(tmp_path) is None


def test_the_environment_is_installed_again_when_the_pins_change(tmp_path, monkeypatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text("django==5.2.19\n")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", pins)
    before = bootstrap._fingerprint()
    assert bootstrap._fingerprint() == before
    pins.write_text("django==5.2.20\n")
    assert bootstrap._fingerprint() != before


@pytest.fixture
def bare_checkout(tmp_path, monkeypatch):
    """A checkout without an environment."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    return tmp_path


def test_debian_s_missing_venv_is_installed_and_tried_again(bare_checkout, monkeypatch):
    answers = iter([1, 0])
    installed: list[tuple[str, ...]] = []
    monkeypatch.setattr(bootstrap, "run", lambda *arguments: next(answers))
    monkeypatch.setattr(packages, "has_dpkg", lambda: True)
    monkeypatch.setattr(packages, "missing", lambda names: list(names))
    monkeypatch.setattr(packages, "install", lambda names, *rest: installed.append(tuple(names)))
    bootstrap._create_environment(bare_checkout / "logs")
    assert installed == [("python3-venv",)]


def test_an_environment_that_cannot_be_made_is_said_with_the_reason(bare_checkout, monkeypatch):
    (bare_checkout / bootstrap.LOG_NAME).write_text("the reason\n")
    monkeypatch.setattr(bootstrap, "run", lambda *arguments: 1)
    monkeypatch.setattr(packages, "has_dpkg", lambda: False)
    with pytest.raises(LaunchError, match=r"Impossible de créer l'environnement Python .* the reason"):
        bootstrap._create_environment(bare_checkout)


def test_a_checkout_of_another_account_is_said_in_a_sentence(monkeypatch):
    with open_folder() as folder:
        monkeypatch.setattr(bootstrap, "ROOT", folder / "cauris")
        monkeypatch.setattr(bootstrap, "ENVIRONMENT", folder / "cauris" / ".venv")
        (folder / "cauris").mkdir(mode=0o555)
        said = refusal_as_nobody(lambda: bootstrap._create_environment(folder / "logs"))
    assert "Clonez le dépôt ailleurs" in said


def test_packages_that_do_not_install_leave_no_stamp(bare_checkout, monkeypatch, capsys):
    (bare_checkout / ".venv").mkdir()
    (bare_checkout / bootstrap.LOG_NAME).write_text("ERROR: No matching distribution found for django\n")
    monkeypatch.setattr(bootstrap, "STAMP", bare_checkout / ".venv" / "stamp")
    monkeypatch.setattr(bootstrap, "run", lambda *arguments: 1)
    with pytest.raises(LaunchError, match="L'installation des dépendances a échoué"):
        bootstrap._install_requirements(bare_checkout)
    assert "No matching distribution" in capsys.readouterr().out
    assert not bootstrap.STAMP.exists()


def test_a_disk_that_fills_up_while_installing_is_said_in_a_sentence(bare_checkout, monkeypatch):
    (bare_checkout / ".venv").mkdir()
    (bare_checkout / bootstrap.LOG_NAME).write_text("OSError: [Errno 28] No space left on device\n")
    monkeypatch.setattr(bootstrap, "run", lambda *arguments: 1)
    with pytest.raises(LaunchError, match="Le disque est plein"):
        bootstrap._install_requirements(bare_checkout)
