"""Rights within the tenant in scope, for screens, API and admin alike."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from apps.organisations.models import Membership
from apps.socle.scope import current_scope


class MembershipBackend(AuthenticationBackend):
    """Signs in through allauth and answers `has_perm` from the user's role in the current tenant.

    Without a scope nobody has any right; there is no superuser.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        """Refuse a closed account, and a password handed over for one use whose time is up."""
        return bool(super().user_can_authenticate(user)) and not user.one_time_password_expired

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        tenant_id = current_scope()
        if tenant_id is None or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        cache: dict[Any, set[str]] = user_obj.__dict__.setdefault("_cauris_permissions", {})
        if tenant_id not in cache:
            rows = Membership.objects.filter(user=user_obj, is_active=True).values_list(
                "role__permissions__content_type__app_label", "role__permissions__codename"
            )
            cache[tenant_id] = {f"{label}.{codename}" for label, codename in rows if codename}
        return cache[tenant_id]

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_all_permissions(user_obj)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
