"""Movements and balances, to read: facts write the first, a trigger keeps the second."""

from django.contrib import admin

from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.socle.screens.readonly_admin import ReadOnlyAdmin


@admin.register(MouvementFinancier)
class MouvementFinancierAdmin(ReadOnlyAdmin):
    list_display = ("date_mouvement", "numero_piece_comptable", "tiers", "type_mouvement", "sens", "montant", "statut")
    list_filter = ("type_mouvement", "statut", "date_mouvement")
    list_select_related = ("tiers",)
    search_fields = ("numero_piece_comptable", "tiers__nom", "tiers__code")


@admin.register(SoldeTiers)
class SoldeTiersAdmin(ReadOnlyAdmin):
    list_display = ("tiers", "devise", "montant_actuel", "date_derniere_mise_a_jour")
    list_select_related = ("tiers",)
    search_fields = ("tiers__nom", "tiers__code")
