"""Reference data that an administrator changes by hand, in the tenant in scope."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from apps.socle.audit import record
from apps.socle.scope import require_scope
from apps.socle.screens.readonly_admin import HouseAdmin


class ScopedModelForm(forms.ModelForm):
    """Gives the row its tenant before it is checked.

    Django leaves out the constraints that name a field which the form does not show; `tenant` is
    never shown, so a code taken twice would reach PostgreSQL and come back as an error 500.
    """

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"tenant"}

    def _post_clean(self) -> None:
        if self.instance.tenant_id is None:
            self.instance.tenant_id = require_scope()
        super()._post_clean()


class ScopedAdmin(HouseAdmin):
    """Each change leaves its trace, with what was put; nothing is deleted."""

    form = ScopedModelForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        action = f"{obj._meta.model_name}_{'changed' if change else 'added'}"
        said = {name: str(form.cleaned_data[name]) for name in sorted(form.changed_data)}
        record(action, obj, request.acteur, new=said)  # type: ignore[attr-defined]
