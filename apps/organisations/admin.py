"""The establishment, its members and its third parties, to read: they change by their screens and services."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Membership, Tenant, Tiers
from apps.socle.screens.readonly_admin import ReadOnlyAdmin


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    """The one establishment in scope; nothing of the platform's own books on it (balance, settings)."""

    list_display = ("name", "slug", "kind", "country", "currency", "time_zone", "environment", "status")
    fieldsets = (
        (None, {"fields": ("name", "legal_name", "slug", "kind", "status", "environment")}),
        (_("Pays"), {"fields": ("country", "currency", "cash_rounding", "time_zone", "closing_hour")}),
        (_("Numéros"), {"fields": ("niu", "rccm", "vat_number", "siret")}),
        (_("Adresse et contact"), {"fields": ("address", "contact_phone", "contact_email")}),
    )


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who is a member; given, changed and ended on the screen of members."""

    list_display = ("user", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "role")
    search_fields = ("user__last_name", "user__first_name", "user__username")
    fields = ("user", "role", "is_active", "granted_by", "created_at")


@admin.register(Tiers)
class TiersAdmin(ReadOnlyAdmin):
    """Third parties as the accounts know them; a patient changes on the patient's page."""

    list_display = ("code", "nom", "type", "telephone")
    list_filter = ("type",)
    search_fields = ("code", "nom")
    fields = ("code", "nom", "type", "telephone", "email")
