"""Every setting that comes from the environment, declared once.

`docs/settings.md` is generated from `VARIABLES`; a test compares both, so the table in the
documentation cannot drift. Nothing else in the project reads `os.environ` for configuration.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TRUE_WORDS = frozenset({"1", "true", "yes", "on", "oui"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", "non", ""})


class InsecureSetting(RuntimeError):
    """A production process was given a value that must not reach production."""


def as_text(raw: str) -> str:
    return raw


def as_bool(raw: str) -> bool:
    word = raw.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError(f"expected one of {sorted(TRUE_WORDS | FALSE_WORDS)}, got {raw!r}")


def as_int(raw: str) -> int:
    return int(raw)


def as_list(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, how it is read, its default and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: str
    purpose: str
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "CAURIS_ENV",
        as_text,
        "development",
        "`development`, `test` or `production`; production refuses insecure values.",
    ),
    Variable(
        "CAURIS_DATA_DIR",
        as_text,
        "",
        "Folder of the embedded server, secrets, files and logs. Default: `var/` in the checkout.",
    ),
    Variable(
        "DATABASE_URL",
        as_text,
        "",
        "PostgreSQL 15 or newer, login of the runtime role. Empty: the embedded server.",
        secret=True,
    ),
    Variable(
        "DATABASE_OWNER_URL",
        as_text,
        "",
        "Same database, login of the owner: migrations and protections. Never given to web or workers.",
        secret=True,
    ),
    Variable(
        "DATABASE_MAINTENANCE_URL",
        as_text,
        "",
        "Same database, login with BYPASSRLS: data migrations, backup, benchmark loads.",
        secret=True,
    ),
    Variable(
        "CAURIS_DATABASE_LOGINS",
        as_list,
        "default,owner,maintenance",
        "Database logins that this process holds; `bin/start` gives web and workers `default` only.",
    ),
    Variable(
        "SECRET_KEY",
        as_text,
        "",
        "Django's signing key, 50 characters or more. Development makes one under the data folder.",
        secret=True,
    ),
    Variable(
        "CAURIS_MASTER_SECRET_FILE",
        as_text,
        "",
        "File with the 32-byte master secret (hexadecimal) from which signing keys are derived.",
        secret=True,
    ),
    Variable("ALLOWED_HOSTS", as_list, "localhost,127.0.0.1,[::1]", "Host names that are served."),
    Variable("CSRF_TRUSTED_ORIGINS", as_list, "", "Origins trusted behind a proxy, with scheme."),
    Variable("CAURIS_BEHIND_TLS_PROXY", as_bool, "false", "A proxy ends TLS and sets X-Forwarded-Proto."),
    Variable("CAURIS_TRUSTED_PROXIES", as_int, "0", "Number of proxies whose X-Forwarded-For entry is believed."),
    Variable(
        "CAURIS_SECOND_FACTOR",
        as_text,
        "required",
        "`required` for roles that validate, close or administer; `optional` is for the demo and refused in production.",
    ),
    Variable("CELERY_BROKER_URL", as_text, "", "Redis. Empty: a folder of files, for one machine."),
    Variable("CACHE_URL", as_text, "", "Redis cache shared by all processes. Empty: a table of the database."),
    Variable("AWS_STORAGE_BUCKET_NAME", as_text, "", "Bucket for files. Empty: a local folder."),
    Variable("AWS_S3_ENDPOINT_URL", as_text, "", "S3 endpoint when it is not Amazon's."),
    Variable(
        "EMAIL_URL",
        as_text,
        "",
        "`smtp://user:password@host:port`, `smtps://…`. Empty: messages are written to the log.",
        secret=True,
    ),
    Variable("DEFAULT_FROM_EMAIL", as_text, "Cauris <ne-pas-repondre@cauris.example>", "Sender of e-mail."),
    Variable(
        "CAURIS_ANCHOR_FILE",
        as_text,
        "",
        "File to which the chains' heads are added, never under the database's data. Default: `ancres/ancres.jsonl` in the"
        " data folder; better on another disk.",
    ),
    Variable(
        "CAURIS_ANCHOR_S3_BUCKET",
        as_text,
        "",
        "Bucket with object lock where heads are written too; keys as boto3 finds them (`AWS_ACCESS_KEY_ID`…).",
    ),
    Variable("CAURIS_ANCHOR_S3_ENDPOINT_URL", as_text, "", "S3 endpoint of that bucket when it is not Amazon's."),
    Variable("CAURIS_ANCHOR_S3_PREFIX", as_text, "ancres", "First part of the objects' names in that bucket."),
    Variable(
        "CAURIS_ANCHOR_S3_DAYS",
        as_int,
        "3650",
        "Days for which an anchored head is locked (mode COMPLIANCE: nobody shortens it).",
    ),
    Variable("CAURIS_ANCHOR_EMAIL", as_text, "", "Address to which heads are mailed too."),
    Variable("CAURIS_LOG_LEVEL", as_text, "INFO", "Level of the JSON log on standard error."),
    Variable("CAURIS_WEB_THREADS", as_int, "8", "Threads of each web process."),
    Variable("CAURIS_WEB_PROCESSES", as_int, "2", "Web processes."),
)

BY_NAME: Mapping[str, Variable] = {variable.name: variable for variable in VARIABLES}


def read(name: str) -> Any:
    """Return the variable `name` from the environment, or its default.

    Raises KeyError when the name is not declared above and ValueError, naming the variable,
    when its text cannot be read.
    """
    variable = BY_NAME[name]
    raw = os.environ.get(name, variable.default)
    try:
        return variable.read(raw)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
