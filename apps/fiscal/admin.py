"""The chain, to read: links come from facts, the head from its trigger, verifications from the verifier."""

import re
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.fiscal import readable
from apps.fiscal.models import (
    FiscalAnchor,
    FiscalClosing,
    FiscalEntry,
    FiscalIntegrityAnswer,
    FiscalIntegrityCheck,
    FiscalKey,
    FiscalSequence,
)
from apps.socle.facts import criterion_label
from apps.socle.screens.readonly_admin import ReadOnlyAdmin

RATE = re.compile(r"\d{1,2}(\.\d+)?")


def key_label(key: str) -> str:
    """Return what a key of a link or of a closing's totals is called: a field, a rate of tax or a means of payment."""
    if key in readable.LABELS:
        return readable.label(key)
    if RATE.fullmatch(key):
        return f"{key.replace('.', ',')}\u00a0%"
    return criterion_label("moyen", key).replace("_", " ")


@admin.register(FiscalEntry)
class FiscalEntryAdmin(ReadOnlyAdmin):
    list_display = ("sequence_number", "entry_type", "entity_number", "fiscal_date", "actor_type", "chain_hash")
    list_filter = ("entry_type", "fiscal_date", "actor_type")
    json_label = staticmethod(key_label)
    search_fields = ("=sequence_number", "^entity_number")
    exclude = ("data_canonical", "signature")
    show_full_result_count = False


@admin.register(FiscalClosing)
class FiscalClosingAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "closing_type",
        "closing_date",
        "entries_count",
        "actor_label",
        "closed_at",
        "closing_hash",
    )
    list_filter = ("closing_type", "closing_date")
    json_label = staticmethod(key_label)
    exclude = ("data_canonical", "signature")


@admin.register(FiscalSequence)
class FiscalSequenceAdmin(ReadOnlyAdmin):
    list_display = ("last_sequence_number", "head_hash", "last_fiscal_date", "sealed_until", "last_sequence_date")


@admin.register(FiscalKey)
class FiscalKeyAdmin(ReadOnlyAdmin):
    list_display = ("key_id", "algorithm", "imprint", "created_at", "retired_at")
    exclude = ("public_key",)

    @admin.display(description=_("empreinte"))
    def imprint(self, key: Any) -> str:
        return str(key.fingerprint)


@admin.register(FiscalIntegrityCheck)
class FiscalIntegrityCheckAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "entries_validated", "anomalies_found", "actor_label")
    list_filter = ("status", "check_date")


@admin.register(FiscalIntegrityAnswer)
class FiscalIntegrityAnswerAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "failure", "actor_label", "reason")


@admin.register(FiscalAnchor)
class FiscalAnchorAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "sequence_number", "anchor_type", "status", "anchor_reference", "attempts")
    list_filter = ("anchor_type", "status")
