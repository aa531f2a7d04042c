"""What the triggers and functions of the ledger say to a person."""

from django.utils.translation import gettext_lazy as _

from apps.socle.errors import declare_constraint

PERIODE_CLOSE = _("La période comptable %(code)s est clôturée par %(qui)s : plus rien ne s’y comptabilise.")


def declare() -> None:
    """Give each refusal of `sql/` its sentence. Called from `ready()`."""
    declare_constraint(
        "comptabilite_equilibre",
        _("L’écriture n’est pas équilibrée : débits et crédits diffèrent."),
        "entry-unbalanced",
    )
    declare_constraint("comptabilite_lignes", _("Une écriture a au moins deux lignes."), "entry-too-short")
    declare_constraint(
        "comptabilite_ligne_tardive", _("On n’ajoute pas de ligne à une écriture déjà passée."), "entry-late-line"
    )
    declare_constraint(
        "comptabilite_ligne_etrangere", _("Une ligne porte la date et la devise de son écriture."), "entry-foreign-line"
    )
    declare_constraint(
        "comptabilite_periode_close",
        _("La période comptable est clôturée : plus rien ne s’y comptabilise."),
        "period-closed",
        "date",
        named=PERIODE_CLOSE,
    )
    declare_constraint(
        "comptabilite_periode_date", _("La date de l’écriture est hors de sa période."), "period-mismatch", "date"
    )
    declare_constraint(
        "comptabilite_sans_periode",
        _("Aucune période comptable n’est ouverte à cette date : ouvrez l’exercice."),
        "period-missing",
        "date",
    )
    declare_constraint(
        "comptabilite_periode_exercice", _("Une période reste dans les jours de son exercice."), "period-outside-year"
    )
    declare_constraint(
        "comptabilite_periode_attente",
        _("Des imputations sont en attente dans cette période : résolvez-les d’abord."),
        "period-has-pending-imputations",
    )
    declare_constraint(
        "comptabilite_periode_a_valider",
        _("Des écritures de cette période restent à valider."),
        "period-has-entries-to-validate",
    )
    declare_constraint(
        "comptabilite_compte_fige", _("L’écriture est validée : seule une écriture d’OD la corrige."), "entry-frozen"
    )
    declare_constraint(
        "comptabilite_compte_imputable",
        _("Ce compte ne reçoit pas d’écritures : choisissez un sous-compte actif."),
        "account-not-postable",
        "compte",
    )
    declare_constraint(
        "comptabilite_compte_utilise",
        _("Ce compte a déjà des écritures : son numéro et sa place ne changent plus."),
        "account-in-use",
        "numero",
    )
    declare_constraint(
        "comptabilite_parent_utilise",
        _("Le compte parent a déjà des écritures : ouvrez le nouveau compte à côté de lui, sous le même titre."),
        "parent-account-in-use",
        "compte_parent",
    )
    declare_constraint("comptabilite_journal_actif", _("Ce journal n’est plus utilisé."), "journal-inactive", "journal")
    declare_constraint("comptabilite_fait_absent", _("Une écriture naît d’un fait de l’établissement."), "fact-missing")
    declare_constraint(
        "comptabilite_fait_comptabilise", _("Ce fait est déjà comptabilisé en entier."), "fact-already-posted"
    )
    declare_constraint(
        "comptabilite_ecriture_du_fait",
        _("Les écritures d’un fait portent ses lignes, par les règles d’imputation, et rien d’autre."),
        "entry-differs-from-fact",
    )
    declare_constraint(
        "comptabilite_valideur_membre",
        _("Une écriture se valide par un membre de l’établissement."),
        "validator-not-a-member",
    )
    declare_constraint(
        "comptabilite_valideur_second",
        _("Qui a causé une écriture ne la valide pas."),
        "second-person-required",
    )
    declare_constraint(
        "comptabilite_attente_comptabilisee",
        _("Une imputation en attente se résout par les écritures de son fait, et par elles seules."),
        "imputation-without-entries",
    )
