"""What every page of the administration shares, and pages that show and never write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import construct_change_message
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from apps.socle.language import document_language
from apps.socle.screens.admin_values import columns


class HouseAdmin(admin.ModelAdmin):
    """The base of every class of the administration.

    Another house's row answers 404, as on the screens, where Django would lead to the index. Its log names
    a row by its kind and key and a change by its fields: never by what the row is called, which may be a
    patient. PostgreSQL adds the tenant (organisations/sql/30_admin_log.sql).
    """

    @staticmethod
    def json_label(key: str) -> str:
        """Return what a key of a JSON object is called on the page."""
        return key.replace("_", " ")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show amounts as the house writes them."""
        return columns(self.model, super().get_list_display(request), self.json_label)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return construct_change_message(form, [], add)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        return _log(request, [obj], ADDITION, message)[0]

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        return _log(request, [obj], CHANGE, message)[0]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> Any:
        return _log(request, queryset, DELETION, [])

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404


def _log(request: HttpRequest, rows: Iterable[models.Model], flag: int, message: Any) -> list[models.Model]:
    """Write what was done to each row into Django's log, in the house's language."""
    made: list[models.Model] = []
    for row in rows:
        with document_language():
            label = f"{capfirst(row._meta.verbose_name)} {row.pk}"
        made.append(
            LogEntry.objects.create(
                user_id=request.user.pk,
                content_type_id=ContentType.objects.get_for_model(row, for_concrete_model=False).pk,
                object_id=str(row.pk),
                object_repr=label[:200],
                action_flag=flag,
                change_message=json.dumps(message) if isinstance(message, list) else message,
            )
        )
    return made


class ReadOnlyAdmin(HouseAdmin):
    """A list and a page of each row, without any button that writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show amounts and objects as the house writes them; every field of the page is text."""
        return [
            (title, {**options, "fields": columns(self.model, options["fields"], self.json_label)})
            for title, options in super().get_fieldsets(request, obj)
        ]


class ReadOnlyInline(admin.TabularInline):
    """Rows of another table under a page of `ReadOnlyAdmin`."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the columns as text: those that no form may edit (dates) too."""
        return self.get_fields(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show amounts as the house writes them."""
        return columns(self.model, self.fields or ())
