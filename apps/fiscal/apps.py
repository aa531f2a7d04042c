from django.apps import AppConfig


class FiscalConfig(AppConfig):
    """The chain: links, keys, verification."""

    name = "apps.fiscal"
    label = "fiscal"
    verbose_name = "Chaîne fiscale"

    def ready(self) -> None:
        from apps.fiscal import constraints, provisioning, subscribers
        from apps.organisations.provisioning import register_step
        from apps.socle.facts import subscribe

        constraints.declare()
        subscribe("fiscal", subscribers.chain)
        register_step("fiscal.chain", provisioning.open_the_chain, 20)
