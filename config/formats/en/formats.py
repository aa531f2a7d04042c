"""English screens write dates and numbers as the French ones: 05/11/2026 is 5 November, never May, on every screen of a house."""

from config.formats.fr.formats import *  # noqa: F403

FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u00a0"
