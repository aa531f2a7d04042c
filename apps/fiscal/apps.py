from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FiscalConfig(AppConfig):
    """The chain: links, keys, closings, verification, heads outside."""

    name = "apps.fiscal"
    label = "fiscal"
    verbose_name = _("Chaîne fiscale")

    def ready(self) -> None:
        from apps.fiscal import constraints, home, provisioning, subscribers
        from apps.fiscal.choices import AnchorStatus, CheckStatus
        from apps.fiscal.closings import source_link
        from apps.fiscal.facts import CLOSING_MADE
        from apps.fiscal.selectors import traces_of_fact
        from apps.organisations.provisioning import register_step
        from apps.socle.facts import declare_fact, register_source_link, register_traces, subscribe
        from apps.socle.screens.states import declare_state

        constraints.declare()
        declare_fact(CLOSING_MADE)
        register_source_link("fiscal.FiscalClosing", source_link, "fiscal:closing")
        subscribe("fiscal", subscribers.chain)
        register_traces("fiscal", traces_of_fact)
        register_step("fiscal.chain", provisioning.open_the_chain, 20)
        home.declare()
        for code, look in (("passed", "payee"), ("warning", "attente"), ("failed", "rejetee")):
            declare_state(code, look, CheckStatus(code).label)
        for code, look in (("pending", "attente"), ("verified", "payee"), ("failed", "rejetee")):
            declare_state(f"anchor_{code}", look, AnchorStatus(code).label)
