"""Admin pages that show and never write: for what only services or the database may change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse


class HouseAdmin(admin.ModelAdmin):
    """What every class of the administration shares: another house's row answers 404, as on the screens.

    Django leads to the index instead, and says that the row was perhaps deleted.
    """

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404


class ReadOnlyAdmin(HouseAdmin):
    """A list and a page of each row, without any button that writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
        return self.fields or ()
