"""The few icons of the house, drawn on 16 × 16. They stand only where they carry a state or an act."""

from __future__ import annotations

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "coche": '<path d="m3 8.5 3.5 3.5L13 4.5"/>',
    "alerte": '<path d="M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1"/>',
    "refus": '<circle cx="8" cy="8" r="6"/><path d="M4.5 8h7"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.3v3.7M8 4.9v.1"/>',
    "verrou": '<path d="M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "imprimer": '<path d="M4.5 6V2h7v4M4.5 12H2V6.5h12V12h-2.5M4.5 9.5h7V14h-7z"/>',
    "chercher": '<path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6 14 14"/>',
    "croix": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "retour": '<path d="M13 8H3M7 4 3 8l4 4"/>',
    "suite": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "telecharger": '<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>',
    "maillon": '<path d="M6.5 9.5 9.5 6.5M7.5 4.5l1.7-1.7a2.8 2.8 0 0 1 4 4L11.5 8.5M8.5 11.5l-1.7 1.7a2.8 2.8 0 0 1-4-4L4.5 7.5"/>',
    "horloge": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "personne": '<circle cx="8" cy="5" r="2.5"/><path d="M3 13.5c.6-3 2.5-4 5-4s4.4 1 5 4"/>',
}
