"""The settings of the tests: those of the project, told that they are being tested.

Of what configures Cauris only the databases and the data folder are taken from the caller, so
that the tests are the same everywhere.
"""

import os

from config.environment import VARIABLES

KEPT = {
    "CAURIS_DATA_DIR",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_MAINTENANCE_URL",
}
for variable in VARIABLES:
    if variable.name not in KEPT:
        os.environ.pop(variable.name, None)
os.environ["CAURIS_ENV"] = "test"

from config.settings import *  # noqa: E402, F403

# A real hash costs a third of a second, on purpose; nothing here is worth it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# What is handed to a worker goes nowhere: no test leaves jobs in a folder that a real worker reads.
CELERY_BROKER_URL = "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {}

# Static files come from where they are written: nothing is collected for a test.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
