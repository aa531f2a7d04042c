"""A verification of the chain, one that failed and its answer; the links come with the facts of the apps above."""

from __future__ import annotations

from apps.fiscal.services.answer_failure import answer_failure
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.factories import CASHIER, failed_check
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM


def make_specimens(tenant: Tenant) -> None:
    failure = failed_check()
    answer_failure(check_id=failure.pk, reason="Essai de l’alarme.", acteur=CASHIER)
    check_chain(acteur=SYSTEM)
