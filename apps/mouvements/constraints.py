"""What the constraints of `sql/` say in French."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint


def declare() -> None:
    """Declare each name that the app's SQL raises. Called from `AppConfig.ready()`."""
    for name in ("mouvements_mvt_precision", "mouvements_solde_precision"):
        declare_constraint(name, _("Ce montant n’existe pas dans cette devise."), "amount-not-exact")
