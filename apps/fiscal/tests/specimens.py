"""A verification of the chain, one that failed and its answer, a closing; the links come with the facts of the apps above."""

from __future__ import annotations

from apps.fiscal import closings
from apps.fiscal.models import FiscalTreeBlock
from apps.fiscal.services.answer_failure import answer_failure
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.services.close_period import close_period
from apps.fiscal.tests.factories import CASHIER, failed_check
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM


def make_specimens(tenant: Tenant) -> None:
    failure = failed_check()
    answer_failure(check_id=failure.pk, reason="Essai de l’alarme.", acteur=CASHIER)
    check_chain(acteur=SYSTEM)
    first = closings.first_day()
    assert first is not None, "provisioning opened the chain"
    close_period(closing_type="daily", closing_date=first, acteur=SYSTEM)
    FiscalTreeBlock.objects.create(number=0, root="00" * 32)
