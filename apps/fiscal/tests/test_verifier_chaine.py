"""`manage.py verifier_chaine`, and what beat asks each night."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command

from apps.fiscal import tasks
from apps.fiscal.management.commands.verifier_chaine import Command, sentence
from apps.fiscal.models import FiscalIntegrityCheck
from apps.fiscal.services.check_chain import record_check
from apps.fiscal.tests.attacks import AsOwner, change_the_key
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant, make_user
from apps.socle.actors import SYSTEM
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("verifier_chaine", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def refused(*arguments: str) -> tuple[str, CommandError]:
    output = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("verifier_chaine", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue(), caught.value


def test_every_tenant_is_verified_and_the_result_kept(hospital: Tenant) -> None:
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    chain_links(other, 2)
    lines = run().splitlines()
    assert lines[0].startswith("saint-luc : chaîne conforme, 2 maillons vérifiés en ")
    assert lines[1].startswith("sainte-odile : chaîne conforme, 5 maillons vérifiés en ")
    for tenant, entries in ((hospital, 5), (other, 2)):
        with scope(tenant.pk):
            check = FiscalIntegrityCheck.objects.get()
            assert (check.status, check.entries_validated, check.chains_verified) == ("passed", entries, 1)
            assert (check.anomalies_found, check.report, check.actor_label) == (0, [], "Système")
            assert AuditTrail.objects.filter(action="verified", model_id=check.pk).count() == 1


def test_one_tenant_alone(hospital: Tenant) -> None:
    make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    assert run("--tenant", "sainte-odile").count("chaîne conforme") == 1


def test_a_broken_chain_is_named_and_the_others_are_still_verified(hospital: Tenant) -> None:
    make_tenant(slug="zz", name="Dernier")
    change_the_key(hospital, "update fiscal_fiscalkey set key_id = 'k2'")
    output, error = refused()
    assert error.returncode == 1
    assert str(error) == "Chaîne rompue : sainte-odile."
    assert "sainte-odile : CHAÎNE ROMPUE, 5 maillons vérifiés" in output
    assert "La clé publique « k2 » n’est pas celle que le secret maître donne. (5 autres anomalies)" in output
    assert "zz : chaîne conforme" in output
    with scope(hospital.pk):
        check = FiscalIntegrityCheck.objects.get()
    assert (check.status, check.anomalies_found, check.holds) == ("failed", 6, False)
    assert check.first_anomaly is not None
    assert check.first_anomaly["code"] == "key-replaced"


def test_the_first_broken_link_is_named(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("update fiscal_fiscalentry set entity_number = 'FAUX' where sequence_number in (3, 4)")
        verification = owner.verify()
    with scope(hospital.pk):
        found = sentence(record_check(verification=verification, acteur=SYSTEM))
    assert "CHAÎNE ROMPUE, 5 maillons vérifiés en 0," in found
    assert "Maillon 3 (FAUX) : la colonne « entity_number » dit « FAUX », les données signées disent « ESSAI-" in found
    assert found.endswith("(1 autre anomalie)")


def test_from_the_latest_check_only_what_follows_is_read(hospital: Tenant) -> None:
    assert "5 maillons vérifiés" in run("--depuis-controle"), "without a check, from the first link"
    chain_links(hospital, 2)
    assert "chaîne conforme depuis le maillon 5, 3 maillons vérifiés" in run("--depuis-controle")
    assert "chaîne conforme, 7 maillons vérifiés" in run()


def test_several_processes(hospital: Tenant) -> None:
    assert "chaîne conforme, 5 maillons vérifiés" in run("--processus", "2")
    for wrong in ("0", "-1", "deux"):
        assert "--processus" in str(refused("--processus", wrong)[1])


def test_an_unknown_tenant(committed_tenant: Tenant) -> None:
    _output, error = refused("--tenant", "nulle-part")
    assert error.returncode == 2
    assert "nulle-part" in str(error)


def test_without_the_secret_nothing_is_said_to_hold(hospital: Tenant, settings: LazySettings, tmp_path: Path) -> None:
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    output, error = refused()
    assert (output, error.returncode) == ("", 2)
    assert "Vérification impossible" in str(error)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal(hospital: Tenant) -> None:
    terminal = Terminal()
    call_command(Command(stderr=terminal, stdout=io.StringIO()))  # type: ignore[arg-type]
    assert "sainte-odile : 5 / 5 maillons, " in terminal.getvalue()
    assert "/s, reste 0 s" in terminal.getvalue()


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 1)])
def test_the_exit_status_of_the_process(hospital: Tenant, broken: bool, status: int) -> None:
    if broken:
        change_the_key(hospital, "update fiscal_fiscalkey set key_id = 'k2'")
    program = (
        "import sys, django; from django.conf import settings;"
        f"settings.DATABASES['default']['NAME'] = {settings.DATABASES['default']['NAME']!r};"
        "django.setup(); from django.core.management import execute_from_command_line;"
        "execute_from_command_line(['manage.py', 'verifier_chaine', '--skip-checks'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    assert ("CHAÎNE ROMPUE" in done.stdout) is broken


# Tasks ---------------------------------------------------------------------------------------------


def test_beat_asks_each_night() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["verify-every-chain"]
    assert entry["task"] == tasks.verify_every_chain.name


def test_every_chain_has_a_task_of_its_own(committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    asked: list[str] = []
    monkeypatch.setattr(tasks.verify_one_chain, "delay", asked.append)
    assert tasks.verify_every_chain() == 2
    assert asked == [str(other.pk), str(committed_tenant.pk)]


def test_the_task_keeps_the_result(hospital: Tenant) -> None:
    assert tasks.verify_one_chain(str(hospital.pk)) is True
    assert tasks.verify_one_chain(str(hospital.pk), str(CASHIER.id), CASHIER.label, CASHIER.role) is True
    with scope(hospital.pk):
        mine, systems = FiscalIntegrityCheck.objects.all()
    assert (systems.actor_type, systems.actor_id) == ("system", None)
    assert (mine.actor_type, mine.actor_id, mine.actor_label) == ("user", CASHIER.id, "Amina Mbarga")


def test_a_broken_chain_is_logged_as_an_error(hospital: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    change_the_key(hospital, "update fiscal_fiscalkey set key_id = 'k2'")
    with caplog.at_level(logging.ERROR, logger="apps.fiscal.tasks"):
        assert tasks.verify_one_chain(str(hospital.pk)) is False
    assert str(UUID(str(hospital.pk))) in caplog.text
    assert "key-replaced" in caplog.text


def test_a_broken_link_is_red_on_screen(hospital: Tenant, client: Any, settings: LazySettings) -> None:
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(hospital, "comptable"))
    change_the_key(hospital, "update fiscal_fiscalkey set key_id = 'k2'")
    html = client.post("/sainte-odile/chaine/verifier/", follow=True).content.decode()
    assert "Chaîne rompue. La clé publique « k2 »" in html
    assert "<b>6 anomalies</b>" in html
    assert 'href="/sainte-odile/chaine/1/">Maillon 1 (' in html
    html = client.get("/sainte-odile/chaine/2/").content.decode()
    assert "la clé « k1 » n’est pas une clé de cet établissement" in html
    assert '<span class="etat rejetee">Rompue</span>' in html
