"""The letter that lets a new member choose a password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.organisations.models import Tenant, User


def send_invitation(request: HttpRequest, user: User, tenant: Tenant) -> None:
    """Send `user` the link to choose a password: the one of a forgotten password, of the same life.

    Called after commit: the tenant's slug has left the script prefix, and the link is public.
    """
    key = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
    link = request.build_absolute_uri(reverse("account_reset_password_from_key", args=key, urlconf="config.urls"))
    text = render_to_string("organisations/courriel_invitation.txt", {"user": user, "tenant": tenant, "link": link})
    send_mail(_("Votre accès à %s") % tenant.name, text, None, [str(user.email)])
