"""The tables of both rooms."""

from apps.comptabilite.caisse.models import *  # noqa: F403
from apps.comptabilite.grand_livre.models import *  # noqa: F403
