"""Reference data of both rooms in the administration."""

from apps.comptabilite.grand_livre import admin as grand_livre

__all__ = ["grand_livre"]
