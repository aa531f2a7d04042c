"""Answer a verification that failed: somebody knows, and says why."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from apps.fiscal.choices import CheckStatus
from apps.fiscal.models import FiscalIntegrityAnswer, FiscalIntegrityCheck
from apps.fiscal.selectors import unanswered_failures
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed


@command
def answer_failure(*, check_id: UUID, reason: str, acteur: Acteur) -> list[FiscalIntegrityAnswer]:
    """Answer the failed verification `check_id` and the unanswered ones before it; return the answers, latest first.

    The same fault fails every night: whoever answers has read the latest, and one reason stands
    for all. What failed after it stays red. Nothing is mended: the next failure is red again.

    Raises NotAllowed for the system (a person answers), BusinessError without a reason or where
    the verification did not fail, Conflict where somebody answered it already, and
    FiscalIntegrityCheck.DoesNotExist.
    """
    if not acteur.is_person or acteur.id is None:
        raise NotAllowed(_("Seule une personne répond d’une vérification en échec."), code="answer-by-a-person")
    if not reason.strip():
        raise BusinessError(_("Dites pourquoi : ce motif reste au dossier."), code="reason-required", field="reason")
    check = FiscalIntegrityCheck.objects.get(pk=check_id)
    _refuse_answered(check)
    return [
        _answer(failure, reason.strip(), acteur)
        for failure in unanswered_failures().filter(created_at__lte=check.created_at)
    ]


def _refuse_answered(check: FiscalIntegrityCheck) -> None:
    if check.status != CheckStatus.FAILED:
        raise BusinessError(_("Cette vérification n’a pas échoué."), code="check-did-not-fail")
    answer = FiscalIntegrityAnswer.objects.filter(failure=check).first()
    if answer is not None:
        raise Conflict(_("%s a déjà répondu de cette vérification.") % answer.actor_label, code="already-answered")


def _answer(failure: FiscalIntegrityCheck, reason: str, acteur: Acteur) -> FiscalIntegrityAnswer:
    answer = FiscalIntegrityAnswer.objects.create(
        failure=failure, reason=reason, actor_id=acteur.id, actor_label=acteur.label, actor_role=acteur.role
    )
    record("answered", failure, acteur, new={"anomalies_found": failure.anomalies_found}, reason=reason)
    return answer
