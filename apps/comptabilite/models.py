"""The tables of both rooms."""

from apps.comptabilite.grand_livre.models import *  # noqa: F403
