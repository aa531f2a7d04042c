"""Verify a chain and keep the result."""

from __future__ import annotations

from dataclasses import replace

from apps.fiscal.anchor_comparison import compare_with_anchors
from apps.fiscal.checkpoints import Checkpoint
from apps.fiscal.choices import CheckStatus
from apps.fiscal.models import FiscalIntegrityCheck
from apps.fiscal.services.verify_chain import KEPT_ANOMALIES, Progress, Verification, verify_chain
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.language import document_language


@document_language()
def check_chain(
    *, acteur: Acteur, progress: Progress | None = None, since: Checkpoint | None = None, processes: int = 1
) -> FiscalIntegrityCheck:
    """Verify the chain of the tenant in scope, or what follows a checkpoint, and record what was found.

    Reading comes first and holds no lock: sales go on meanwhile. What is kept is said in the
    house's language: another person reads it. Raises MasterSecretError.
    """
    verification = with_anchors(verify_chain(progress=progress, since=since, processes=processes))
    return record_check(verification=verification, acteur=acteur)


def with_anchors(verification: Verification) -> Verification:
    """Add what the heads outside say of the chain of the tenant in scope. Raises MasterSecretError."""
    compared = compare_with_anchors(verification.tenant_id)
    return replace(
        verification,
        anomalies_found=verification.anomalies_found + len(compared.anomalies),
        anomalies=(*verification.anomalies, *compared.anomalies)[:KEPT_ANOMALIES],
        warnings=tuple(compared.warnings),
    )


@command
def record_check(*, verification: Verification, acteur: Acteur) -> FiscalIntegrityCheck:
    """Keep the result of a verification of the tenant in scope, with who asked for it."""
    tenant = current_tenant()
    check = FiscalIntegrityCheck.objects.create(
        check_date=local_date(tenant.time_zone),
        entries_validated=verification.entries,
        anomalies_found=verification.anomalies_found,
        status=_status(verification),
        report=[a.as_json() | {"text": str(a)} for a in (*verification.anomalies, *verification.warnings)],
        head_sequence_number=verification.head_sequence_number,
        head_hash=verification.head_hash,
        duration_ms=round(verification.duration * 1000),
        actor_type=str(acteur.kind),
        actor_id=acteur.id,
        actor_label=acteur.label,
    )
    record("verified", check, acteur, new={"status": check.status, "anomalies_found": check.anomalies_found})
    return check


def _status(verification: Verification) -> CheckStatus:
    if not verification.holds:
        return CheckStatus.FAILED
    return CheckStatus.WARNING if verification.warnings else CheckStatus.PASSED
