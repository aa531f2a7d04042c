"""What the triggers of hospital's SQL say to a person."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint


def declare() -> None:
    """Called from `HospitalConfig.ready()`."""
    declare_constraint(
        "hospital_tarif_une_table",
        _("Ce code a déjà un tarif sur cette période, parmi les actes ou les examens."),
        "tariff-overlap",
        field="code",
    )
