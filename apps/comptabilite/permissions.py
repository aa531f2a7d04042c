"""What each role may do in both rooms."""

from apps.comptabilite.caisse import permissions as caisse
from apps.comptabilite.grand_livre import permissions as grand_livre

ROOMS = (caisse.ROLE_PERMISSIONS, grand_livre.ROLE_PERMISSIONS)

ROLE_PERMISSIONS = {
    role: [permission for room in ROOMS for permission in room.get(role, ())]
    for role in dict.fromkeys(role for room in ROOMS for role in room)
}
