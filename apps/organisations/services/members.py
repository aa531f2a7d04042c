"""What an establishment's administrator does to its members: memberships only.

Password, e-mail and second factor belong to the person. An account without e-mail belongs to this
establishment alone: its administrator may hand over a password for one use.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from apps.organisations.locks import lock_membership
from apps.organisations.models import Membership, Role, User
from apps.organisations.selectors import current_tenant
from apps.organisations.services.create_user import create_user, grant_membership
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed

ONE_TIME_LIFE = timedelta(hours=24)
ADMINISTRATOR = "administrateur"
# Read aloud and typed once: no letter that looks like another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class MemberAdded:
    """A new member; `one_time_password` is shown once, and only where the account has no e-mail."""

    membership: Membership
    one_time_password: str | None = None
    is_new_account: bool = True


@command
def add_member(
    *, role: str, acteur: Acteur, email: str = "", username: str = "", first_name: str = "", last_name: str = ""
) -> MemberAdded:
    """Make somebody a member of the tenant in scope.

    With `email`: the account of that address, made if there is none; its names are its own when it exists.
    Without: a new account of this tenant alone, `username@slug`, with a password for one use.
    Raises BusinessError for a missing name, an unknown role and a person who is a member already.
    """
    tenant = current_tenant()
    known = User.objects.filter(email=email.strip().lower()).first() if email else None
    if known is not None:
        _refuse_member(known)
        return MemberAdded(grant_membership(tenant=tenant, user=known, role=role, acteur=acteur), is_new_account=False)
    user = create_user(
        tenant=tenant,
        username=username,
        email=email or None,
        first_name=_named(first_name, "first_name"),
        last_name=_named(last_name, "last_name"),
        role=role,
        acteur=acteur,
    )
    membership = Membership.objects.get(user=user)
    return MemberAdded(membership, None if email else _hand_over_password(user, acteur))


def _named(name: str, field: str) -> str:
    if not name.strip():
        raise BusinessError(_("Donnez le prénom et le nom de la personne."), code="name-missing", field=field)
    return name.strip()


def _refuse_member(user: User) -> None:
    membership = Membership.objects.filter(user=user).first()
    if membership is None:
        return
    if membership.is_active:
        message = _("%s est déjà membre ici.") % user.full_name
    else:
        message = _("%s a déjà été membre : réactivez son accès dans la liste.") % user.full_name
    raise Conflict(message, code="already-member", field="email")


@command
def change_role(*, membership_id: UUID, role: str, acteur: Acteur) -> Membership:
    """Give a member another role.

    Raises BusinessError for an unknown role, one's own membership and the last administrator.
    """
    membership = lock_membership(membership_id)
    found = Role.objects.filter(name=role).first()
    if found is None:
        raise BusinessError(_("Ce rôle n’existe pas : %s.") % role, code="unknown-role", field="role")
    before = membership.role.name
    if found.name == before:
        return membership
    _keep_an_administrator(membership)
    _refuse_own(membership, acteur)
    membership.role = found
    membership.save(update_fields=["role"])
    record("membership_role_changed", membership, acteur, old={"role": before}, new={"role": found.name})
    return membership


@command
def deactivate_member(*, membership_id: UUID, acteur: Acteur) -> Membership:
    """End a membership: the next page that the person asks for here is a 404.

    Raises BusinessError for one's own membership and for the last administrator.
    """
    membership = lock_membership(membership_id)
    if not membership.is_active:
        raise Conflict(_("Cet accès est déjà fermé."), code="membership-inactive")
    _keep_an_administrator(membership)
    _refuse_own(membership, acteur)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    record("membership_deactivated", membership, acteur, old={"is_active": True}, new={"is_active": False})
    return membership


@command
def reactivate_member(*, membership_id: UUID, acteur: Acteur) -> Membership:
    """Open an ended membership again, in its former role.

    So is the account of who has no address: it is this tenant's alone, as those that a takeover makes, closed.
    Any other account that is closed is not the tenant's to open. Raises Conflict, NotAllowed.
    """
    membership = lock_membership(membership_id)
    if membership.is_open:
        raise Conflict(_("Cet accès est déjà ouvert."), code="membership-active")
    if not membership.user.is_active:
        _reopen_account(membership.user)
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    record("membership_reactivated", membership, acteur, old={"is_active": False}, new={"is_active": True})
    return membership


def _reopen_account(user: User) -> None:
    if user.email:
        message = _("Ce compte est fermé partout : l’administrateur de la plateforme seul le rouvre.")
        raise NotAllowed(message, code="account-closed")
    user.is_active = True
    user.save(update_fields=["is_active", "updated_at"])


@command
def reset_password_once(*, membership_id: UUID, acteur: Acteur) -> str:
    """Return a new password for one use, to be handed over; it lives ONE_TIME_LIFE.

    Only for an account without e-mail: it belongs to this tenant alone. Raises NotAllowed for any other.
    """
    membership = lock_membership(membership_id)
    if membership.user.email:
        message = _("Cette personne choisit elle-même son mot de passe, par courrier électronique.")
        raise NotAllowed(message, code="password-is-personal")
    return _hand_over_password(membership.user, acteur)


def _hand_over_password(user: User, acteur: Acteur) -> str:
    """Set and return a password for one use; open sessions end, the trail does not hold it."""
    password = "-".join("".join(secrets.choice(ALPHABET) for _n in range(4)) for _n in range(4))
    user.set_password(password)
    user.one_time_until = now() + ONE_TIME_LIFE
    user.save(update_fields=["password", "one_time_until", "updated_at"])
    record("one_time_password_issued", user, acteur)
    return password


def _refuse_own(membership: Membership, acteur: Acteur) -> None:
    """Refuse that somebody gives herself another role, or leaves without anybody knowing."""
    if membership.user_id == acteur.id:
        raise NotAllowed(_("Un autre administrateur doit changer ou fermer votre accès."), code="own-membership")


def _keep_an_administrator(membership: Membership) -> None:
    """Refuse to take the role from the last active administrator: nobody could give it back."""
    if membership.role.name != ADMINISTRATOR:
        return
    others = Membership.objects.filter(is_active=True, role__name=ADMINISTRATOR, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        raise BusinessError(_("Il doit rester un administrateur."), code="last-administrator", field="role")
