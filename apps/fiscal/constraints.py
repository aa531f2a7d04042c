"""What the chain's own triggers and SQL constraints say to a person."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint

DISAGREES = _("Le maillon se contredit : rien n’a été enregistré.")


def declare() -> None:
    """Give each constraint of `sql/` its sentence."""
    declare_constraint(
        "fiscal_chain_missing", _("Cet établissement n’a pas encore de chaîne fiscale."), "chain-missing"
    )
    declare_constraint("fiscal_follows_head", _("Un autre maillon vient d’être ajouté : recommencez."), "chain-moved")
    declare_constraint(
        "fiscal_date_of_chaining", _("Le jour fiscal d’un maillon est celui de son enregistrement."), "fiscal-date"
    )
    declare_constraint("fiscal_sequence_step", _("La tête de chaîne n’avance que d’un maillon."), "chain-step")
    declare_constraint(
        "fiscal_commitment_fixed", _("Cette donnée peut être effacée, pas modifiée."), "commitment-fixed"
    )
    declare_constraint("fiscal_answer_failed", _("Cette vérification n’a pas échoué."), "check-did-not-fail")
    for name in ("data_hash", "bytes", "chain_hash", "genesis", "hexadecimal", "signature", "columns"):
        declare_constraint(f"fiscal_entry_{name}", DISAGREES, f"link-{name.replace('_', '-')}")
