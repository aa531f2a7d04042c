"""Writes docs/settings.md from `config/environment.py`: python -m config.settings_table."""

from __future__ import annotations

from pathlib import Path

from config.environment import VARIABLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Every value that differs between installations comes from the environment. This table is written by
`python -m config.settings_table` from `config/environment.py`; a test compares both. A production process
(`CAURIS_ENV=production`) refuses to start on an insecure value, and says which. `compose.yaml` shows a whole
installation; `bin/database-logins` makes the three logins.

| variable | default | secret | what it is for |
|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    rows = [
        f"| `{v.name}` | {f'`{v.default}`' if v.default else ''} | {'yes' if v.secret else ''} | {v.purpose} |"
        for v in VARIABLES
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
