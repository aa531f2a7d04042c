"""Give an account a password."""

from __future__ import annotations

from apps.organisations.models import User
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command


@command
def set_password(*, user: User, password: str, acteur: Acteur) -> User:
    """Replace the password of `user`; sessions opened with the old one end. The trail does not hold it."""
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    record("password_set", user, acteur)
    return user
