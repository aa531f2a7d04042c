"""The steps of a till session and of a cashier's invoice."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import StatutFacture, StatutReprise, StatutSession
from apps.socle.transitions import Transition, TransitionTable

TENIR_CAISSE = "comptabilite.tenir_caisse"
FACTURER = "comptabilite.facturer"
ENCAISSER = "comptabilite.encaisser"
VALIDER = "comptabilite.valider_facturecaisse"
IMPORTER = "comptabilite.importer_caisse"
VOIR_REPRISE = "comptabilite.view_reprisecaisse"

SESSION_CAISSE = TransitionTable(
    column="statut",
    initial=(StatutSession.OUVERTE.value,),
    transitions=(
        Transition(
            "fermer", (StatutSession.OUVERTE.value,), StatutSession.FERMEE.value, _("Fermer la caisse"), TENIR_CAISSE
        ),
    ),
    labels=dict(StatutSession.choices),
)

FACTURE_CAISSE = TransitionTable(
    column="statut",
    initial=(StatutFacture.EN_ATTENTE.value,),
    transitions=(
        Transition(
            "valider",
            (StatutFacture.EN_ATTENTE.value,),
            StatutFacture.VALIDEE.value,
            _("Valider"),
            VALIDER,
            second_person=True,
        ),
        Transition(
            "rejeter",
            (StatutFacture.EN_ATTENTE.value,),
            StatutFacture.REJETEE.value,
            _("Rejeter"),
            VALIDER,
            second_person=True,
            reason_required=True,
        ),
        Transition(
            "corriger",
            (StatutFacture.REJETEE.value,),
            StatutFacture.EN_ATTENTE.value,
            _("Corriger et soumettre"),
            FACTURER,
        ),
        Transition("solder", (StatutFacture.VALIDEE.value,), StatutFacture.PAYEE.value, _("Encaisser"), ENCAISSER),
    ),
    labels=dict(StatutFacture.choices),
)

REPRISE_CAISSE = TransitionTable(
    column="statut",
    initial=(StatutReprise.DEPOSEE.value,),
    transitions=(
        Transition("controler", (StatutReprise.DEPOSEE.value,), StatutReprise.CONTROLEE.value, _("Contrôler")),
        Transition(
            "lancer",
            (StatutReprise.CONTROLEE.value, StatutReprise.ARRETEE.value),
            StatutReprise.EN_COURS.value,
            _("Reprendre"),
            IMPORTER,
        ),
        Transition("arreter", (StatutReprise.EN_COURS.value,), StatutReprise.ARRETEE.value, _("Arrêter"), IMPORTER),
        Transition("terminer", (StatutReprise.EN_COURS.value,), StatutReprise.TERMINEE.value, _("Terminer")),
        Transition(
            "abandonner",
            (StatutReprise.DEPOSEE.value, StatutReprise.CONTROLEE.value),
            StatutReprise.ABANDONNEE.value,
            _("Abandonner"),
            IMPORTER,
        ),
    ),
    labels=dict(StatutReprise.choices),
)
