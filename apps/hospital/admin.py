"""Reference data: the hospital's own page, its services; tariffs to read (they change from their screen, by the day)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.hospital.models import Hospital, HospitalActTarif, HospitalExamTarif, Service
from apps.organisations.models import Membership, User
from apps.organisations.scoped_admin import ScopedAdmin
from apps.socle.screens.readonly_admin import ReadOnlyAdmin


@admin.register(Hospital)
class HospitalAdmin(ScopedAdmin):
    list_display = ("nom", "ville", "telephone", "est_actif")
    fieldsets = (
        (None, {"fields": ("nom", "est_actif", "specialites", "capacite_lits", "medecin_referent", "notes")}),
        (_("Adresse"), {"fields": ("adresse", "code_postal", "ville", "pays", "latitude", "longitude")}),
        (_("Contact"), {"fields": ("telephone", "email")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the doctors of this hospital, not every account of the platform."""
        if db_field.name == "medecin_referent":
            medecins = Membership.objects.filter(role__name="medecin", is_active=True)
            kwargs["queryset"] = User.objects.filter(pk__in=medecins.values("user_id")).order_by(
                "last_name", "first_name"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Service)
class ServiceAdmin(ScopedAdmin):
    list_display = ("code", "nom", "actif")
    list_filter = ("actif",)
    search_fields = ("code", "nom")


class TarifAdmin(ReadOnlyAdmin):
    list_display = ("code", "nom", "type_recette", "service", "montant", "devise", "valide_du", "valide_au")
    list_filter = ("type_recette", "service")
    list_select_related = ("service",)
    search_fields = ("code", "nom")
    exclude = ("cle_recherche",)


admin.site.register(HospitalActTarif, TarifAdmin)
admin.site.register(HospitalExamTarif, TarifAdmin)
