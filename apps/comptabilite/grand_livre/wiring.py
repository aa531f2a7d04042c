"""What the ledger tells the rest of the house when Django is ready."""


def ready() -> None:
    """Register constraints, the subscriber and provisioning steps."""
    from apps.comptabilite.grand_livre import constraints, provisioning
    from apps.comptabilite.grand_livre.subscribers import comptabiliser_fait
    from apps.organisations.provisioning import register_step
    from apps.socle.facts import subscribe

    constraints.declare()
    subscribe("comptabilite", comptabiliser_fait)
    register_step("plan comptable", provisioning.plan, order=30)
    register_step("règles d’imputation", provisioning.regles, order=40)
