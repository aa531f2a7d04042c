"""Roles, what each may do (collected from the apps), and the door of a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Role
from apps.socle.installer import house_apps
from apps.socle.language import document_language

# name: (label, description, whether a second factor is demanded)
ROLES = {
    "administrateur": (
        _("Administrateur"),
        _("Gère les membres et les données de référence de l’établissement."),
        True,
    ),
    "caissier": (_("Caissier"), _("Ouvre sa caisse, facture, encaisse et remet la quittance."), False),
    "comptable": (_("Comptable"), _("Valide ou rejette, impute, tient les journaux et clôture."), True),
    "medecin": (_("Médecin"), _("Enregistre les séjours, actes et examens."), False),
    "auditeur": (_("Auditeur"), _("Lit tout, n’écrit rien."), False),
}

ROLE_PERMISSIONS = {
    "administrateur": [
        "organisations.acces_administration", "organisations.gerer_membres", "organisations.view_tenant", "organisations.change_tenant",
        "organisations.view_membership", "organisations.add_membership", "organisations.change_membership",
        "organisations.view_tiers", "organisations.view_role",
    ],
    "comptable": ["organisations.acces_administration", "organisations.view_tiers", "organisations.view_tenant"],
    "auditeur": ["organisations.acces_administration", "organisations.view_tiers", "organisations.view_tenant", "organisations.view_membership"],
}  # fmt: skip


def declared_permissions(role: str) -> set[str]:
    """Return the permissions that all apps' `permissions.py` give to `role`."""
    found: set[str] = set()
    for config in house_apps():
        name = f"{config.name}.permissions"
        if find_spec(name):
            found.update(getattr(import_module(name), "ROLE_PERMISSIONS", {}).get(role, ()))
    return found


def install_roles(using: str = "default") -> None:
    """Write the catalogue of roles as declared; a codename that no model declares raises LookupError."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.using(using).select_related("content_type")
    }
    for name, (label, description, second_factor) in ROLES.items():
        with document_language():  # `Role` says them again in the reader's
            values = {"label": str(label), "description": str(description), "needs_second_factor": second_factor}
        role, _created = Role.objects.using(using).update_or_create(name=name, defaults=values)
        wanted = declared_permissions(name)
        if missing := wanted - known.keys():
            raise LookupError(f"role {name}: unknown permissions {sorted(missing)}")
        role.permissions.set([known[codename] for codename in wanted])


def permission_required(*permissions: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a staff view only to a member who has one of `permissions` in this tenant; 403 otherwise.

    The names are kept on the view (`view.required_permissions`), where the test of URL × role reads them.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.has_perm(p) for p in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.required_permissions = permissions  # type: ignore[attr-defined]
        return checked

    return decorate
