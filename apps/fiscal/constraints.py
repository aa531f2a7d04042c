"""What the chain's own triggers and SQL constraints say to a person."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint

CLOSING_DISAGREES = _("La clôture se contredit : rien n’a été enregistré.")
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
    declare_constraint(
        "fiscal_day_sealed",
        _("Ce jour est clôturé : plus aucun maillon ne peut porter sa date."),
        "day-sealed",
        named=_("Le %(day)s est clôturé par %(who)s : plus aucun maillon ne peut porter cette date."),
    )
    declare_constraint(
        "fiscal_closing_follows", _("Cette clôture ne suit pas la précédente : recommencez."), "closing-moved"
    )
    declare_constraint(
        "fiscal_closing_range", _("Une clôture couvre exactement les maillons de ses jours."), "closing-range"
    )
    declare_constraint(
        "fiscal_closing_early",
        _("Un jour se clôture une fois commencé ; un mois, une année, une fois finis."),
        "closing-early",
    )
    declare_constraint(
        "fiscal_closing_order",
        _("Les jours se clôturent dans l’ordre, puis leur mois, puis leur année."),
        "closing-order",
    )
    for name in ("data_hash", "chain_hash", "hexadecimal", "signature", "columns", "period"):
        declare_constraint(f"fiscal_closing_{name}", CLOSING_DISAGREES, f"closing-{name.replace('_', '-')}")
