from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HospitalConfig(AppConfig):
    """Patients, their visits, what is given to them and what it costs."""

    name = "apps.hospital"
    label = "hospital"
    verbose_name = _("Hôpital")

    def ready(self) -> None:
        from apps.hospital import accueil, constraints, provisioning
        from apps.organisations.provisioning import register_step
        from apps.socle.numbering import Numbered, declare_number

        constraints.declare()
        declare_number(Numbered("PAT", "hospital.Patient", "rang"))
        declare_number(Numbered("VIS", "hospital.Session", "numero"))
        register_step("hospital", provisioning.ouvrir_hopital, 10)
        accueil.declare()
