#!/usr/bin/env python
"""Django's command line for Cauris."""

import os
import sys

from apps.socle.launch.errors import LaunchError
from config.environment import InsecureSetting


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except (LaunchError, InsecureSetting) as error:
        sys.stderr.write(f"manage.py : {error}\n")
        sys.exit(2)  # it could not be done: 1 says that it was, and that something does not hold


if __name__ == "__main__":
    main()
