"""The settings of the tests: those of the project, told that they are being tested."""

import os

os.environ["CAURIS_ENV"] = "test"

from config.settings import *  # noqa: F403
