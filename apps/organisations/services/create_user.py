"""Making an account and giving it a role."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.organisations.models import Membership, Role, Tenant, User
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError

# What comes before the @: no other @, so that nobody takes a name in another establishment.
SHORT_NAME = re.compile(r"[\w](?:[\w.+-]{0,48}[\w])?")


@command
def create_user(
    *,
    tenant: Tenant,
    username: str,
    first_name: str,
    last_name: str,
    role: str,
    acteur: Acteur,
    email: str | None = None,
    password: str | None = None,
    is_active: bool = True,
) -> User:
    """Make an account that is a member of `tenant` in `role`.

    With `email`, that address is also the username: one name to sign in with. Without, the account
    is this tenant's alone and its username becomes `username@slug`.
    Without `password` nobody can sign in with it yet. Raises BusinessError for a taken username
    or address, a username that is no short name (another tenant's included) and an unknown role.
    """
    full_username = _full_username(username, email, tenant)
    user = User(
        username=full_username,
        email=email.strip().lower() if email else None,
        first_name=first_name,
        last_name=last_name,
        is_active=is_active,
    )
    user.created_by_id = acteur.id
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        field, [first, *_others] = next(iter(error.error_dict.items()))
        if first.code == "unique":
            taken = _("« %s » est déjà pris.") % getattr(user, field)
            raise BusinessError(taken, code="user-taken", field=field) from error
        raise BusinessError(first.messages[0], code="user-invalid", field=field) from error
    user.save(force_insert=True)
    grant_membership(tenant=tenant, user=user, role=role, acteur=acteur)
    return user


def _full_username(username: str, email: str | None, tenant: Tenant) -> str:
    if email:
        return email.strip().lower()
    name = username.strip().lower().removesuffix(f"@{tenant.slug}")
    if not SHORT_NAME.fullmatch(name):
        message = _("Un identifiant s’écrit avec des lettres, chiffres, points, tirets : amina.caisse.")
        raise BusinessError(message, code="username-invalid", field="username")
    return f"{name}@{tenant.slug}"


@command
def grant_membership(*, tenant: Tenant, user: User, role: str, acteur: Acteur) -> Membership:
    """Give `user` the role named `role` in `tenant`. Raises BusinessError for an unknown role."""
    found = Role.objects.filter(name=role).first()
    if found is None:
        raise BusinessError(_("Ce rôle n’existe pas : %s.") % role, code="unknown-role", field="role")
    membership = Membership(tenant=tenant, user=user, role=found, granted_by_id=acteur.id)
    membership.save(force_insert=True)
    record("membership_granted", membership, acteur, new={"user": str(user.pk), "role": role})
    return membership
