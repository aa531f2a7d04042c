"""What the till tells the rest of the house when Django is ready."""


def ready() -> None:
    """Register constraints, facts, provisioning, and its places in the bar and on the home page."""
    from apps.comptabilite.caisse import accueil, constraints, facts, fiche_patient, provisioning, selectors
    from apps.comptabilite.caisse.cloture import sessions_non_fermees
    from apps.fiscal.preclosing import register_preclosing_check
    from apps.organisations.provisioning import register_step
    from apps.socle.facts import register_authority, register_source_link
    from apps.socle.numbering import Numbered, declare_number

    constraints.declare()
    declare_number(Numbered("FC", "comptabilite.FactureCaisse", "numero_travail"))
    declare_number(Numbered("QUIT", "comptabilite.Quittance", "numero_quittance"))
    facts.declare()
    register_source_link("comptabilite.Quittance", selectors.lien_quittance, "caisse:quittance")
    register_source_link("comptabilite.SessionCaisse", selectors.lien_session, "caisse:une_session")
    register_source_link("comptabilite.FactureCaisse", selectors.lien_facture, "caisse:facture")
    register_authority("comptabilite.FactureCaisse", selectors.autorite_de_la_facture)
    register_step("caisse", provisioning.premiere_caisse, order=60)
    register_preclosing_check("caisse", sessions_non_fermees)
    accueil.declare()
    fiche_patient.declare()
