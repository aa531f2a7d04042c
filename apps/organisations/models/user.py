"""The person who signs in. Rights come from memberships, never from the user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.socle.clock import now
from apps.socle.fields import UUID7Field
from apps.socle.row_security import open_table


class UserManager(BaseUserManager["User"]):
    """Makes users; a superuser cannot be made here: it would stand above the tenants."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Without e-mail (most cashiers) the username is `name@slug` of their one tenant.

    One model for the three user tables of the documents (spec/tables.csv).
    """

    class Sexe(models.TextChoices):
        FEMME = "F", _("Femme")
        HOMME = "M", _("Homme")
        AUTRE = "Autre", _("Autre")

    id = UUID7Field(primary_key=True)
    username = models.CharField(_("identifiant"), max_length=150, unique=True)
    email = models.EmailField(_("adresse électronique"), null=True, blank=True)
    first_name = models.CharField(_("prénom"), max_length=100)
    last_name = models.CharField(_("nom"), max_length=100)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    date_naissance = models.DateField(_("date de naissance"), null=True, blank=True)
    sexe = models.CharField(_("sexe"), max_length=10, choices=Sexe, blank=True)
    avatar_url = models.URLField(_("portrait"), blank=True)
    google_id = models.CharField(_("compte Google"), max_length=255, null=True, blank=True, unique=True, editable=False)
    last_login_ip = models.GenericIPAddressField(
        _("adresse IP de la dernière connexion"), null=True, blank=True, editable=False
    )
    email_verified_at = models.DateTimeField(_("adresse vérifiée le"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    # Until then the password is the one that the administrator handed over: it opens only the page that replaces it.
    one_time_until = models.DateTimeField(
        _("mot de passe à usage unique jusqu’au"), null=True, blank=True, editable=False
    )
    is_active = models.BooleanField(_("compte actif"), default=True)
    created_at = models.DateTimeField(_("créé le"), default=now, editable=False)
    updated_at = models.DateTimeField(_("modifié le"), auto_now=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    row_security = open_table(
        "signing in looks a user up before there is a tenant; screens list users through memberships"
    )
    objects = UserManager()

    class Meta:
        verbose_name = _("utilisateur")
        verbose_name_plural = _("utilisateurs")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="organisations_user_email",
                violation_error_message=_("Cette adresse a déjà un compte."),
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False),
                name="organisations_user_no_superuser",
                violation_error_message=_("Aucun compte n’est au-dessus des établissements."),
            ),
            models.CheckConstraint(
                condition=models.Q(username=Lower("username")),
                name="organisations_user_username_lower",
                violation_error_message=_("Un identifiant s’écrit en minuscules."),
            ),
            models.CheckConstraint(
                condition=models.Q(email__isnull=True) | models.Q(email=Lower("email")),
                name="organisations_user_email_lower",
                violation_error_message=_("Une adresse électronique s’écrit en minuscules."),
            ),
            models.CheckConstraint(
                condition=models.Q(email__isnull=False) | models.Q(username__contains="@"),
                name="organisations_user_home",
                violation_error_message=_("Sans adresse électronique, l’identifiant nomme l’établissement."),
            ),
            models.CheckConstraint(
                condition=~models.Q(email=""),
                name="organisations_user_email_null",
                violation_error_message=_("Adresse vide : laissez-la absente."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def name(self) -> str:
        return self.full_name

    @property
    def short_username(self) -> str:
        """Return what a colleague calls the account: the username without its establishment."""
        return self.username.partition("@")[0]

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name or self.username

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower() if self.email else None

    def set_password(self, raw_password: str | None) -> None:
        """Replace the password; one that was handed over for one use is then used."""
        super().set_password(raw_password)
        self.one_time_until = None

    @property
    def must_choose_password(self) -> bool:
        """Tell whether the password is still the one that was handed over."""
        return self.one_time_until is not None

    @property
    def one_time_password_expired(self) -> bool:
        """Tell whether the password was handed over for one use, and its time is up."""
        return self.one_time_until is not None and self.one_time_until <= now()

    @property
    def is_staff(self) -> bool:
        """Tell the admin who may knock; who may enter is the membership's permission."""
        return self.is_active
