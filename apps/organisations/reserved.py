"""First segments of a path that are not a tenant's slug."""

RESERVED_SLUGS = frozenset(
    {
        "admin",
        "api",
        "compte",
        "connexion",
        "i18n",
        "localhost",  # name@localhost reads as an e-mail address
        "media",
        "sante",
        "static",
        "theme",
        "verification",
        "webhooks",
        "www",
        "favicon.ico",
        "robots.txt",
    }
)
