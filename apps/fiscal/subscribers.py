"""What the chain does when something happened: it records it, whatever it is."""

from apps.fiscal.services.append_entry import append_entry
from apps.socle.facts import PublishedFact


def chain(fact: PublishedFact) -> None:
    """Chain every published fact, in its producer's transaction."""
    append_entry(fact=fact, acteur=fact.acteur)
