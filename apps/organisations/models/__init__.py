from apps.organisations.models.membership import Membership
from apps.organisations.models.role import Role
from apps.organisations.models.tenant import Tenant
from apps.organisations.models.tiers import Tiers
from apps.organisations.models.user import User

__all__ = ["Membership", "Role", "Tenant", "Tiers", "User"]
